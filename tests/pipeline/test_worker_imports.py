"""What a process that curates must import, each worker pays for before its first record."""

import subprocess
import sys

CURATE = """
import sys
import headrace.pipeline.build, headrace.pipeline.curate, headrace.pipeline.readers.warc
import headrace.pipeline.extractors.resiliparse, headrace.pipeline.filters.gopher_quality
import headrace.pipeline.filters.decontaminate
from headrace.pipeline.filters.language import Language
Language()
heavy = "datasketch jinja2 numba pandas PIL plotly scipy sklearn tokenizers torch".split()
print(*(name for name in heavy if name in sys.modules))
"""


def test_a_worker_that_curates_loads_no_libraries_of_other_stages():
    done = subprocess.run([sys.executable, "-c", CURATE], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []
