"""The scheme by which documents are compared, and how its bands and rows are solved.

Two documents of similarity s agree in one value of their signatures with probability s, in a band of r rows with s^r,
and become candidates, by one of b bands, with 1 - (1 - s^r)^b (Leskovec, Rajaraman, Ullman, "Mining of Massive
Datasets", section 3.4). Candidates are compared exactly, so too many of them cost time and no precision.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

MIN_BANDS = 2
"""datasketch's index, which a build publishes, takes no fewer."""

_STEPS = 1000


@dataclass(frozen=True)
class Scheme:
    """How documents are compared: shingles, permutations, bands and rows.

    Args:
        ngram: Words in a shingle.
        bands: How many bands a signature is cut into; sharing one makes two documents candidates.
        rows: Values in a band.
        seed: Of the permutations.
        characters: Words in a shingle of a document most of whose words are characters of unspaced scripts.
    """

    ngram: int
    bands: int
    rows: int
    seed: int
    characters: int

    @property
    def permutations(self) -> int:
        """Values in a signature."""
        return self.bands * self.rows


def missed(similarity: float, bands: int, rows: int) -> float:
    """The share of pairs at a similarity that share no band."""
    return float((1 - similarity**rows) ** bands)


def needless(similarity: float, bands: int, rows: int) -> float:
    """Candidates below a similarity per pair of documents, were all similarities equally frequent: an integral."""
    step = similarity / _STEPS
    return math.fsum(1 - missed((place + 0.5) * step, bands, rows) for place in range(_STEPS)) * step


def solve(similarity: float, max_missed: float, permutations: int) -> tuple[int, int]:
    """The (bands, rows) that compare least among those that miss few enough.

    The permutations are what the user pays for signatures, and the cheapest scheme by them alone, bands of one row,
    makes candidates of almost all pairs. So of the schemes within the budget that miss at most `max_missed` of the
    pairs at `similarity`, the one with the fewest needless candidates is taken; of equal ones that with the fewest
    permutations.

    Args:
        similarity: Jaccard similarity, in (0, 1).
        max_missed: The share of pairs at just this similarity that may be missed, in (0, 1); of more similar ones
            fewer are.
        permutations: Values in a signature, at most.

    Raises:
        ValueError: No scheme within the budget misses so few.
    """
    found = list(_schemes(similarity, max_missed, permutations))
    if not found:
        bands, wanted = max(MIN_BANDS, permutations), _bands(similarity, max_missed, 1)
        raise ValueError(
            f"{permutations} permutations miss at least {missed(similarity, bands, 1):.2%} of the pairs at a "
            f"similarity of {similarity:g}, and {max_missed:.2%} may be missed: that takes {wanted} of them or more"
        )
    return min(found, key=lambda each: (needless(similarity, *each), each[0] * each[1]))


def _schemes(similarity: float, max_missed: float, permutations: int) -> Iterator[tuple[int, int]]:
    """For each number of rows, the fewest bands that miss few enough: more would only compare more."""
    for rows in range(1, permutations // MIN_BANDS + 1):
        bands = _bands(similarity, max_missed, rows)
        if bands * rows <= permutations:
            yield bands, rows


def _bands(similarity: float, max_missed: float, rows: int) -> int:
    """The fewest bands of so many rows, at least two, that miss at most a share of the pairs."""
    agreed = similarity**rows
    if agreed < 1e-9:
        return 1 << 62  # more than anyone has
    bands = max(MIN_BANDS, math.ceil(math.log(max_missed) / math.log1p(-agreed)) - 1)
    # The division's last digit decides nothing.
    while missed(similarity, bands, rows) > max_missed:
        bands += 1
    return bands
