"""The memory of a build does not grow with the corpus."""

import json
import random
import subprocess
import sys

import pytest
import yaml

RECIPE = {
    "name": "large",
    "inputs": [{"path": "in"}],
    "stages": [{"length": {"min_words": 80}}, "exact_dedup", "minhash_dedup", {"length": {"max_words": 230}}],
    "output": {"format": "webdataset"},
    "split_bytes": "2MB",
}

MEASURE = """
import sys, threading, time
from pathlib import Path
from headrace.pipeline.engine import exchange
from headrace.pipeline.build import build

# So that both corpora, the small one too, need many key ranges: what is measured is growth, not the ranges' size.
exchange.PARTITION_BYTES = 1 << 19
peaks = {"VmRSS": 0, "RssAnon": 0}

def watch():
    while True:
        status = Path("/proc/self/status").read_text()
        for name in peaks:
            peaks[name] = max(peaks[name], int(status.split(f"{name}:")[1].split()[0]))
        time.sleep(0.002)

threading.Thread(target=watch, daemon=True).start()
built = build(Path(sys.argv[1]) / "large.yaml", Path(sys.argv[1]) / "out", workers=1)
print(*peaks.values(), built.manifest.samples)
"""


def measure(folder, megabytes):
    """What a build takes, all of whose tasks run in one process, and the records it kept.

    It takes, in KiB, so much memory at most: all of it, and without what mapped files have in it.
    """
    draw = random.Random(1)
    words = [f"w{draw.randrange(10**6)}" for _ in range(20_000)]
    (folder / "in").mkdir(parents=True)
    for part in range(4):
        with (folder / f"in/{part}.jsonl").open("w") as file:
            written, number, text = 0, 0, ""
            while written < megabytes * 1_000_000 / 4:
                number += 1
                if number % 20:
                    text = " ".join(draw.choices(words, k=draw.randint(60, 240)))
                written += file.write(json.dumps({"text": text, "url": f"http://example.org/{number}"}) + "\n")
    (folder / "large.yaml").write_text(yaml.safe_dump(RECIPE))
    result = subprocess.run(
        [sys.executable, "-c", MEASURE, str(folder)], capture_output=True, text=True, check=True, timeout=600
    )
    resident, anonymous, kept = map(int, result.stdout.split())
    return resident, anonymous, kept


@pytest.mark.slow
def test_ten_times_the_corpus_takes_the_same_memory(tmp_path):
    small, small_anonymous, few = measure(tmp_path / "small", 10)
    large, large_anonymous, many = measure(tmp_path / "large", 100)
    assert many > 9 * few
    assert large < 1.2 * small
    assert large_anonymous < 1.2 * small_anonymous
