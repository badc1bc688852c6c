"""The contamination table says what the certificates say."""

from headrace.pipeline.fragments.contamination import contamination_table
from headrace.shards.format.manifest import Benchmark, Certificate


def test_every_benchmark_of_every_stage_has_a_row():
    found = tuple(f"item {number}" for number in range(12))
    first = Benchmark(sha256="0" * 64, items=164, found=found, whole=("a",), unprotected=("b", "c"))
    second = Benchmark(sha256="1" * 64, items=3)
    table = contamination_table(
        [
            Certificate(n=13, benchmarks={"one": first, "two": second}, excluded={"common": ("x y", "y z")}),
            Certificate(n=5, unit="tokens", action="report", benchmarks={"two": second}),
        ]
    )
    assert [row[:2] for row in table.rows] == [("one", "13 words"), ("two", "13 words"), ("two", "5 tokens")]
    assert table.rows[0][3:] == (164, 12, f"{', '.join(found[:8])}, ... (12)", 1, "b, c", 2)
    assert table.rows[2][2].startswith("only reported")
    assert table.rows[1][5] == "-"
