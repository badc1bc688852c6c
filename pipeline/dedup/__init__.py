"""Deduplication: exact and near duplicates, each with its named survivor.

`near_duplicates` is for texts in memory; the stages of a recipe are the other public files of this folder.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from .minhash.in_memory import NearDuplicates


def near_duplicates(
    texts: "Sequence[str] | pa.Array | pa.ChunkedArray",
    similarity: float = 0.8,
    *,
    max_missed: float = 0.02,
    permutations: int = 128,
    ngram: int = 5,
    characters: int = 10,
    prefer: "Sequence[float] | NDArray[np.float64] | None" = None,
    seed: int = 1,
) -> "NearDuplicates":
    """Find near duplicates among texts in memory, as the stage `minhash_dedup` of a build does.

    Args:
        texts: The texts; an Arrow array of large_string is not copied.
        similarity: Jaccard similarity of the sets of word n-grams from which two texts are duplicates.
        max_missed: The share of pairs at just this similarity that may be missed; of more similar ones fewer are.
        permutations: Values in a signature, at most; bands and rows are solved.
        ngram: Words in a shingle; a shorter text is one shingle.
        characters: Characters in a shingle of a text mostly in a script without spaces.
        prefer: For each text how much it should be the one that stays; default: the first one stays.
        seed: Of the permutations.

    Returns:
        The indices of the survivors, and for each duplicate its survivor and their exact similarity.

    Raises:
        ValueError: An argument is out of range, or the permutations are too few.
    """
    from .minhash.in_memory import find_near_duplicates
    from .minhash_dedup import MinhashDedup

    stage = MinhashDedup(
        similarity=similarity,
        max_missed=max_missed,
        permutations=permutations,
        ngram=ngram,
        characters=characters,
        seed=seed,
    )
    return find_near_duplicates(texts, stage.similarity, stage.scheme, prefer)
