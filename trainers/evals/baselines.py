"""Raw input as features: what a network must beat to be worth its training."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..data import DataFacts, Record
from ..samples.views.central import central_view
from ..samples.views.pictures import picture_of
from .base import Matrix

_SIDE = 32
"""Larger images are scaled down to this many pixels a side: 3,072 numbers for each in RGB."""


def raw_input(
    data: DataFacts, network: Mapping[str, Any], records: Iterable[Record], train: NDArray[np.bool_]
) -> tuple[str, Matrix]:
    """A name, and the raw input of records as features (N, D): TF-IDF of words for text, else pixels.

    Args:
        data: The shards that the records come from.
        network: What the pretext demands of its network; of images, their size and channels.
        records: N records.
        train: (N,) the records that words and their frequencies may be learned from.
    """
    if data.manifest.kind == "tokens":
        return "TF-IDF of words", tf_idf((decoded(data, record) for record in records), train)
    fields, side, channels = data.image_fields(), min(network["image_size"], _SIDE), network["num_channels"]
    return "pixels", np.stack([pixels(record, fields, side, channels) for record in records])


def tf_idf(texts: Iterable[str], train: NDArray[np.bool_]) -> Matrix:
    """Words weighted by frequency and rarity (sublinear TF, rows of norm 1), sparse; learned from `train` alone."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    held = np.array(list(texts), dtype=object)
    words = TfidfVectorizer(sublinear_tf=True, max_features=50_000, dtype=np.float32).fit(held[train])
    return words.transform(held)


def decoded(data: DataFacts, record: Record) -> str:
    """The text of a document's tokens."""
    text: str = data.tokenizer.decode(record["tokens"].tolist())
    return text


def pixels(record: Record, fields: Sequence[str], side: int, channels: Literal[1, 3]) -> NDArray[np.float32]:
    """The largest central square of a record's image, scaled to side x side pixels of 0 .. 1, as one row."""
    return central_view(picture_of(record, fields), side, channels).astype(np.float32).ravel() / np.float32(255)
