"""Where the time of a build went, by phase and by fused stage."""

from collections import Counter

from headrace.shards.base.report import Table

from ..engine.runner import Results


def phases_table(results: Results) -> Table:
    """Seconds and speed of each phase."""
    read = sum(done.stats["bytes"] for done in results["curate"].done)
    seconds = {name: sum(done.seconds for done in result.done) for name, result in results.items()}
    return Table(
        title="Where the time went",
        note="Seconds summed over tasks, whenever they were run; with several workers the clock shows less. "
        f"Megabytes are those of the {read:,} bytes that were read.",
        columns=("phase", "tasks", "seconds", "MB/s"),
        rows=tuple((name, len(results[name].done), *_speed(each, read)) for name, each in seconds.items()),
        highlight="seconds",
    )


def stages_table(results: Results) -> Table | None:
    """Seconds and speed of each extractor and filter; None where there is none."""
    read = sum(done.stats["bytes"] for done in results["curate"].done)
    seconds: Counter[str] = Counter()
    for result in results.values():
        for done in result.done:
            seconds.update(done.stats.get("seconds", {}))
    if not seconds:
        return None
    return Table(
        title="Extractors and filters",
        note="Seconds inside each, summed over tasks; reading and writing come on top. Megabytes as above.",
        columns=("stage", "seconds", "MB/s"),
        rows=tuple((stage, *_speed(each, read)) for stage, each in seconds.items()),
        highlight="seconds",
    )


def _speed(seconds: float, size: int) -> tuple[float, float | None]:
    return round(seconds, 2), round(size / seconds / 1e6, 1) if seconds >= 0.001 else None
