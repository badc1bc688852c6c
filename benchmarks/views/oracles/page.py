"""The quality of views as Markdown and JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from .compare import LIBRARIES, Difference
from .laws import Law
from .mask_counts import MaskCounts

Differences = Mapping[str, Mapping[str, Difference]]

NOTES = (
    "Levels are of 255. Ours goes from the resized crop to the end in higher precision and rounds once, where the",
    "others round after each step. Pillow and torchvision cut off where ours rounds: so brightness, contrast and",
    "saturation are a level higher in up to half of the values. Pillow's Gaussian blur is three box blurs; its hue has",
    "256 steps. torchvision's grey has other weights (.2989, .587, .114), and is cut off. albumentations does not",
    "antialias, and cannot be told the order of its jitter. Of some tall cuts Pillow 13 takes the columns first, where",
    "ours and Pillow before it take the rows: none is among these; where one was, up to 5 levels differed.",
)


def as_data(differences: Differences, laws: Sequence[Law], masks: Sequence[MaskCounts]) -> dict[str, Any]:
    """Everything, for programs."""
    gaps = {name: {library: asdict(each) for library, each in row.items()} for name, row in differences.items()}
    return {"differences": gaps, "laws": list(map(asdict, laws)), "masks": list(map(asdict, masks))}


def as_markdown(
    title: str, circumstances: Sequence[str], differences: Differences, laws: Sequence[Law], masks: Sequence[MaskCounts]
) -> str:
    """The page: circumstances, then a table each of operations, of distributions and of masks."""
    least = min(law.p for law in laws)
    lines = [f"# {title}", "", *(f"- {each}" for each in circumstances)]
    lines += ["", "## Operations", "", "Difference from each library, mean and largest, in levels.", "", *NOTES, ""]
    lines += _table(["operation", *LIBRARIES], [_operation(name, row) for name, row in differences.items()])
    lines += ["", "## What is drawn", "", "Kolmogorov and Smirnov's D against the papers' distributions; of a"]
    lines += ["probability and an order, the largest difference of a share, with the p of a binomial and a chi-square"]
    lines += [
        f"test. Of {len(laws)} true laws, the least p is below .05 more often than not; here it is {least:.3f}.",
        "",
    ]
    lines += _table(["views", "quantity", "expected", "draws", "distance", "p"], list(map(_law, laws)))
    lines += ["", "## Masks", ""]
    lines += _table(["mask", "counted", "expected", "found", "masks", "holds"], list(map(_mask, masks)))
    return "\n".join(lines) + "\n"


def _operation(name: str, row: Mapping[str, Difference]) -> list[str]:
    cells = (row.get(library) for library in LIBRARIES)
    return [name, *(f"{each.mean:.3f}, {each.largest}" if each else "" for each in cells)]


def _law(law: Law) -> list[str]:
    return [law.views, law.quantity, law.expected, f"{law.draws:,}", f"{law.distance:.4f}", f"{law.p:.3f}"]


def _mask(mask: MaskCounts) -> list[str]:
    least, largest = (
        f"{number:.3g}" if isinstance(number, float) else str(number) for number in (mask.least, mask.largest)
    )
    found = least if least == largest else f"{least} to {largest}"
    return [mask.kind, mask.counted, mask.expected, found, f"{mask.masks:,}", "yes" if mask.holds else "**no**"]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    bars = [":--", *["--:"] * (len(head) - 1)]
    return [f"| {' | '.join(cells)} |" for cells in (head, bars, *rows)]
