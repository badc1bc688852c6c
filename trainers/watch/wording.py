"""A line of the log in words: as few as fit beside a bar, or a whole line."""

from collections.abc import Mapping
from datetime import timedelta


def begun(step: int, parameters: int, batch_size: int, precision: str, device: str, processes: int) -> str:
    """What is said of a run before its next step, which may take long."""
    where = f"on {device}" if processes == 1 else f"on {processes} processes with {device}"
    found = f"{short(parameters)} parameters, {batch_size:,} samples a step, {precision} {where}"
    return f"goes on: {found}" if step else found


def spoken(line: Mapping[str, float]) -> str:
    """What is shown while a run goes on: loss, throughput, waiting, utilisation and memory."""
    parts = [f"loss {line['loss']:.4f}", f"{short(line['samples_per_s'])} samples/s"]
    if "tokens_per_s" in line:
        parts.append(f"{short(line['tokens_per_s'])} tok/s")
    parts.append(f"wait {line['data_wait']:.0%}")
    if "mfu" in line:
        parts.append(f"MFU {line['mfu']:.0%}")
    return "  ".join([*parts, f"{short(line['memory'])}B"])


def evaluated(numbers: Mapping[str, float]) -> str:
    """What evaluations found: val_loss 0.9811  knn 0.4233."""
    return "  ".join(f"{name} {value:.4g}" for name, value in numbers.items())


def short(number: float) -> str:
    """A number with three digits: 0.123, 12.3, 123, 12.3k, 1.23M, 79.1G."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        # What is rounded up to the next size is told in it.
        if number >= 0.9995 * size:
            return f"{_three(number / size)}{letter}"
    return _three(number)


def _three(number: float) -> str:
    places = 0 if number >= 99.95 else 1 if number >= 9.995 else 2
    return f"{number:.{places}f}"


def clock(seconds: float) -> str:
    """A span as 0:01:02, or 2 days, 3:04:05."""
    return str(timedelta(seconds=round(seconds)))
