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
    "output": {"format": "webdataset", "shard_bytes": "4MB"},
    "split_bytes": "4MB",
}

MEASURE = """
import sys, threading, time
from pathlib import Path
from headrace.pipeline.engine import exchange
from headrace.pipeline.build import build

# So that both corpora, the small one too, need many key ranges: what is measured is growth, not the ranges' size.
exchange.PARTITION_BYTES = 1 << 19
peak = 0

def watch():
    # Anonymous memory alone: the pages of mapped files are the system's cache, which it takes back at will.
    global peak
    while True:
        status = Path("/proc/self/status").read_text()
        peak = max(peak, int(status.split("RssAnon:")[1].split()[0]))
        time.sleep(0.002)

threading.Thread(target=watch, daemon=True).start()
built = build(Path(sys.argv[1]) / "large.yaml", Path(sys.argv[1]) / "out", workers=1)
print(peak, built.manifest.samples)
"""


def measure(folder, megabytes):
    """Peak memory in KiB of a build, all of whose tasks run in one process, and the records it kept."""
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
    peak, kept = map(int, result.stdout.split())
    return peak, kept


@pytest.mark.slow
def test_eight_times_the_corpus_takes_the_same_memory(tmp_path):
    small, few = measure(tmp_path / "small", 12)
    large, many = measure(tmp_path / "large", 96)
    assert many > 7 * few
    assert large < 1.3 * small
