"""Benchmarks and what of them is found in documents."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from headrace.pipeline.decontamination.benchmarks import Benchmark
from headrace.pipeline.decontamination.findings import Finding, find
from headrace.pipeline.decontamination.protection import Protection, protect
from headrace.pipeline.decontamination.units import large_strings
from headrace.pipeline.decontamination.windows import Terms


@pytest.fixture
def bench(tmp_path: Path) -> Callable[..., Benchmark]:
    """A benchmark with the field `text`."""

    def make(*texts: str, name: str = "exam") -> Benchmark:
        path = tmp_path / f"{name}.jsonl"
        path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
        return Benchmark(path, ("text",), name=name)

    return make


@pytest.fixture
def guard(bench: Callable[..., Benchmark]) -> Callable[..., Protection]:
    """What is protected of such a benchmark; short n-grams unless told otherwise."""

    def make(*texts: str, **terms: object) -> Protection:
        usual: dict[str, object] = {"n": 4, "min_words": 2, "min_characters": 0}
        return protect((bench(*texts),), Terms(**{**usual, **terms}))

    return make


@pytest.fixture
def look() -> Callable[..., list[Finding]]:
    """What is found in texts."""
    return lambda protection, *texts: find(protection, large_strings(list(texts)))
