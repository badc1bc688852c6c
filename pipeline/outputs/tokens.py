"""Token pages: each document tokenised, closed by an end token, packed one after the other."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar

import pyarrow as pa
from pydantic import ConfigDict, Field
from tokenizers import Tokenizer as Vocabulary
from tokenizers import decoders, models, pre_tokenizers, trainers

from headrace.shards.base.errors import InputError, RecipeError
from headrace.shards.base.recipe import RecipePath
from headrace.shards.format.manifest import Tokenizer
from headrace.shards.format.pages import token_dtype
from headrace.shards.format.shard_list import ShardInfo
from headrace.shards.format.token_writer import TokenShardWriter

from ..engine.fingerprint import file_digest
from ..sizes import Bytes
from .base import Output, description, shard_name

FILE = "tokenizer.json"
SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
END_TOKENS = ("<|endoftext|>", "</s>", "<eos>", "[SEP]")
LEAST_VOCABULARY = len(SPECIAL_TOKENS) + 256


@dataclass(frozen=True)
class TrainBPE:
    """A byte-level BPE trained on the corpus itself (Sennrich 2016; Radford 2019).

    Args:
        vocab_size: Tokens in the vocabulary, the five special ones and 256 bytes included.
        min_frequency: A pair rarer than this is not merged.
        bytes: How much of the corpus, in the shards' order, it is trained on.
    """

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")
    vocab_size: Annotated[int, Field(ge=LEAST_VOCABULARY)] = 32_000
    min_frequency: Annotated[int, Field(ge=1)] = 2
    bytes: Bytes = 256_000_000

    def train(self, texts: Iterator[str]) -> Vocabulary:
        """Train it; the same texts give the same vocabulary."""
        vocabulary = Vocabulary(models.BPE(byte_fallback=False))
        vocabulary.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        vocabulary.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=self.vocab_size,
            min_frequency=self.min_frequency,
            special_tokens=list(SPECIAL_TOKENS),
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
        vocabulary.train_from_iterator(texts, trainer)
        return vocabulary


@dataclass(frozen=True)
class TokenizerSource:
    """Where the tokenizer comes from: exactly one of the two.

    Args:
        train: Train one on the corpus.
        file: A `tokenizer.json` of Hugging Face `tokenizers`.
    """

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")
    train: TrainBPE | None = None
    file: RecipePath | None = None

    def __post_init__(self) -> None:
        if (self.train is None) == (self.file is None):
            raise ValueError("exactly one of 'train' and 'file'")


@dataclass(frozen=True)
class Tokens(Output):
    """Pages of token ids with the documents' ends and metas.

    Args:
        tokenizer: Where the tokenizer comes from.
        end_token: The token that closes each document; default: the vocabulary's usual one.
    """

    kind = "tokens"
    payloads: ClassVar = ("text",)
    tokenizer: TokenizerSource = field(default_factory=lambda: TokenizerSource(train=TrainBPE()))
    end_token: str = ""

    def files(self) -> tuple[Path, ...]:
        """The user's tokenizer."""
        return (self.tokenizer.file,) if self.tokenizer.file else ()

    def check(self) -> None:
        """Open the user's tokenizer and look for its end token."""
        if self.tokenizer.file is not None:
            self._end(_load(self.tokenizer.file))

    def prepare(self, folder: Path, batches: Iterator[pa.RecordBatch]) -> None:
        """Train the tokenizer, or take the user's."""
        if self.tokenizer.train is not None:
            vocabulary = self.tokenizer.train.train(_texts(batches, self.tokenizer.train.bytes))
            self._end(vocabulary)
            (folder / FILE).write_text(vocabulary.to_str(), encoding="utf-8")
        elif self.tokenizer.file is not None:
            (folder / FILE).write_bytes(self.tokenizer.file.read_bytes())

    def write(self, folder: Path, shard: int, batches: Iterator[pa.RecordBatch], shared: Path) -> ShardInfo:
        """Tokenise and write the documents of one shard."""
        vocabulary = _load(shared / FILE)
        end = self._end(vocabulary)
        name = f"{shard_name(shard)}.tar"
        with TokenShardWriter(folder, name, vocabulary.get_vocab_size()) as writer:
            for batch in batches:
                columns = batch.to_pydict()
                encoded = vocabulary.encode_batch_fast(columns["text"], add_special_tokens=False)
                for row, tokens in enumerate(encoded):
                    about = description(columns["id"][row], columns["url"][row], columns["meta"][row])
                    writer.add([*tokens.ids, end], about)
        return writer.info

    def tokenizer_entry(self, shared: Path) -> Tokenizer:
        """The manifest's entry."""
        size = _load(shared / FILE).get_vocab_size()
        digest = file_digest(shared / FILE)
        return Tokenizer(sha256=digest, vocabulary=size, dtype=token_dtype(size), file=FILE)

    def _end(self, vocabulary: Vocabulary) -> int:
        """The id of the end token.

        Raises:
            RecipeError: The vocabulary has no such token.
        """
        for token in (self.end_token,) if self.end_token else END_TOKENS:
            found: int | None = vocabulary.token_to_id(token)
            if found is not None:
                return found
        raise RecipeError(
            "the tokenizer has no token that could end a document",
            expected=self.end_token or " or ".join(END_TOKENS),
            remedy="Name one in the recipe: 'output: {format: tokens, end_token: ...}'",
        )


def _load(path: Path) -> Vocabulary:
    """A tokenizer, set to take whole documents as they are.

    Raises:
        InputError: The file is missing or holds no tokenizer.
    """
    try:
        vocabulary = Vocabulary.from_file(str(path))
    except Exception as error:  # the library raises nothing more specific
        raise InputError(
            f"{path} is no tokenizer", found=str(error), expected="a tokenizer.json of Hugging Face tokenizers"
        ) from error
    # Many a published tokenizer cuts what it is given, which would drop text without a word.
    vocabulary.no_truncation()
    vocabulary.no_padding()
    # A page that says "[SEP]" speaks of a token: it must not end there.
    vocabulary.encode_special_tokens = True
    return vocabulary


def _texts(batches: Iterator[pa.RecordBatch], limit: int) -> Iterator[str]:
    seen = 0
    for batch in batches:
        for text in batch.column("text").to_pylist():
            yield text
            seen += len(text.encode())
            if seen >= limit:
                return
