"""What a run knows of its shards before it reads them."""

from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from headrace.shards.base.errors import CorruptSampleError, RecipeError
from headrace.shards.format.manifest import Manifest, folder_of
from headrace.shards.format.token_reader import TokenShard
from headrace.shards.format.transfer import fetch
from headrace.shards.format.urls import join
from headrace.shards.stream.parts import is_mixture, parts_of
from headrace.shards.stream.sources.codecs import CODECS, ENCODED_IMAGES, Codecs

from .text.vocabulary import Vocabulary, read_tokenizer

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Record = Mapping[str, Any]
"""A sample of the stream, its pictures as bytes, or a whole document as `{"tokens": (n,)}`."""
RECORD_CODECS: Codecs = {**CODECS, **ENCODED_IMAGES}
"""How the fields of a record are decoded."""
_WHITE_SPACE = str.maketrans({" ": "␣", "\n": "⏎", "\t": "⇥"})
IMAGE_TYPES = ("image/png", "image/jpeg", "image/webp")


@dataclass(frozen=True)
class DataFacts:
    """A set of shards by its manifest, the first one of a mixture.

    Args:
        url: The folder of the shards.
        manifest: What lies there.
        others: What the other sources of a mixture hold.
    """

    url: str
    manifest: Manifest
    others: tuple[Manifest, ...] = ()

    @classmethod
    def of(cls, url: str) -> "DataFacts":
        """The facts of the shards in a folder, or of those that a mixture file names.

        Raises:
            ManifestError: There is no manifest, or it cannot be read.
            RecipeError: The mixture file is missing or wrong.
        """
        first, *others = [part.url for part in parts_of(url)] if is_mixture(url) else [url]
        return cls(folder_of(first), Manifest.load(first), tuple(map(Manifest.load, others)))

    def fingerprint(self) -> str:
        """What is trained on, as far as manifests tell it."""
        return " ".join(manifest.fingerprint() for manifest in (self.manifest, *self.others))

    @cached_property
    def _tokenizer(self) -> "tuple[Tokenizer, Vocabulary]":
        if self.manifest.tokenizer is None:
            raise self.lacking("token shards")
        return read_tokenizer(fetch(join(self.url, self.manifest.tokenizer.file)), self._last_token())

    def _last_token(self) -> int | None:
        """The last token of a shard, with which all documents end where they end with one and the same."""
        for number in np.flatnonzero(self.manifest.shards.tokens).tolist():
            shard = TokenShard(self.url, self.manifest, number)
            # A shard that is cut off is told, or tolerated, by whoever reads it.
            with suppress(CorruptSampleError), closing(shard):
                return int(shard.tokens(shard.length - 1, shard.length)[0])
        return None

    @property
    def tokenizer(self) -> "Tokenizer":
        """The tokenizer of token shards, with all special tokens of `vocabulary`."""
        return self._tokenizer[0]

    @property
    def vocabulary(self) -> Vocabulary:
        """The vocabulary of token shards.

        Raises:
            RecipeError: These are no token shards.
        """
        return self._tokenizer[1]

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of tokens, special ones included."""
        text: str = self.tokenizer.decode(list(tokens), skip_special_tokens=False)
        return text

    def word(self, token: int) -> str:
        """The text of a token that is shown alone; one of white space must be seen, too."""
        text = self.decode([token])
        return text.strip() or text.translate(_WHITE_SPACE)

    def image_fields(self) -> tuple[str, ...]:
        """The fields under which samples hold their image, such as `png`, and `jpg` where formats are mixed.

        Fields with a dot, such as `mask.png`, are something else about an image.

        Raises:
            RecipeError: There is none.
        """
        fields = dict(field for manifest in (self.manifest, *self.others) for field in manifest.fields.items())
        images = [name for name, kind in fields.items() if kind in IMAGE_TYPES and "." not in name]
        if not images:
            raise self.lacking("image shards: a field of the type image/png, image/jpeg or image/webp")
        return tuple(images)

    def lacking(self, expected: str) -> RecipeError:
        """The error for shards of another kind than a pretext reads."""
        fields = ", ".join(f"{name} ({kind})" for name, kind in self.manifest.fields.items()) or "none"
        return RecipeError(
            f"the shards in {self.url} are not what this pretext reads",
            found=f"shards of kind '{self.manifest.kind}' with the fields: {fields}",
            expected=expected,
            remedy="Point data.url at other shards, or choose another pretext",
        )
