"""Masked language modelling: predict the tokens that were hidden.

Devlin, Chang, Lee, Toutanova 2018, "BERT: Pre-training of Deep Bidirectional Transformers", section 3.1, task 1; masks
are drawn anew whenever a window is read, as in Liu et al. 2019 ("RoBERTa", section 4.1).

With a window x of T tokens, M the positions to predict, |M| = max(1, round(share * T)) as far as x holds that many
plain tokens, and x' the window in which each unit of M is hidden by the mask token (.8), by tokens of the whole
vocabulary (.1) or left as it is (.1):

    loss = - 1 / |M| * sum over i in M of log p(x_i | x'),        |M| counted over the whole global batch

What M is made of, `mask` says, with the units that share a fate:

    token   single tokens; each is a unit                                             BERT, and the default
    word    all tokens of a word or none; each token is a unit                        BERT's release of May 2019
    span    spans of n whole words, n = 1 .. 10 with P(n) ~ .2 * .8^(n-1), mean 3.8;  SpanBERT: Joshi et al. 2019
            a span is a unit, and never crosses documents

Words and spans that would make M too large are left out or cut, so that M is smaller where nothing fits. What a word
is, the tokenizer's marks say; see `word_pieces`.

A sample: [CLS], T - 2 tokens of the stream, [SEP].

    tokens     (T,) int64   x'
    positions  (K,) int64   M, then 0 where fewer than K = |M| could be chosen
    labels     (K,) int64   x at M, -100 where there is none
    document   (T,) int64   the number of the document within the window; attention does not cross documents
    places     (T,) int64   the position within the document, from 0

Deviations from the originals: no next-sentence task, no span boundary objective; windows are cut from the endless row
of documents, so no sequence is padded and none is short; random tokens, masks and the choice of M are not stored but a
function of (seed, epoch, sample). The `paper` recipe stays at windows of 128 tokens, where the original takes 512 for
the last tenth of its steps; `spanbert` is SpanBERT's large network, its clipping BERT's. The `small` recipe's network
is ModernBERT's kind: layer norms before each block and relative positions leave the plateau of word frequencies early
(after 600 steps of 64 windows: loss 4.8, accuracy 30%), where BERT's stays on it (6.2, 15%).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from ..backbones import BackboneRecipe, masked_lm, masked_lm_logits, packed_states
from ..data import DataFacts, Record
from ..losses.token_loss import IGNORED
from ..samples.documents import document_numbers, places_within
from ..samples.rows import gathered, mean_of
from ..samples.token_masks import AnyTokenMask, SingleMask, TokenMask, Window, corrupt, prediction_count
from ..text.vocabulary import Vocabulary
from ..text.word_pieces import word_pieces
from ..text_pretext import TextPretext
from .base import Arrays, Batch, Drawing, Loss, Mean, Objective, PretextExample

_HIDDEN = "▢"
Share = Annotated[float, Field(ge=0, le=1)]

_BASE = {
    "type": "bert",
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "layer_norm_eps": 1e-12,
}
_LARGE = {**_BASE, "hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096}
_ADAMW = {"name": "adamw", "lr": 1e-4, "betas": [0.9, 0.999], "eps": 1e-6, "weight_decay": 0.01, "clip": 1.0}
_PAPER = {
    "pretext": {"length": 128, "cap": 20},
    "backbone": _BASE,
    "optimizer": _ADAMW,
    "schedule": {"name": "linear", "warmup": 10_000},
    "batch_size": 256,
    "steps": 1_000_000,
    "precision": "bf16",
    "checkpoint_every": 10_000,
    "log_every": 100,
}
_RECORD = {"tokens": np.arange(4, 19, dtype=np.uint16), "ends": np.array([5], np.int64)}
_EXAMPLE = {
    "length": 16,
    "vocabulary": {"size": 20, "mask": 0, "pad": 1, "cls": 2, "sep": 3, "special": (0, 1, 2, 3)},
}
_PIECES = "33331013101101310113"
_TINY = {
    "type": "bert",
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
}


@dataclass(frozen=True, kw_only=True)
class Mlm(TextPretext):
    """Parameters and worker half.

    Args:
        share: The share of a window's tokens that is predicted.
        cap: The most predictions in a window; None for no limit.
        masked: The probability that a position to predict shows the mask token.
        random: The probability that it shows a random token.
        mask: What is hidden together: single tokens, words or spans, by its name; default: single tokens.
        pieces: Of each id what it is of a word, see `word_pieces`; taken from the data's tokenizer where `mask` asks.
    """

    share: Share = 0.15
    cap: Annotated[int, Field(ge=1)] | None = None
    masked: Share = 0.8
    random: Share = 0.1
    mask: AnyTokenMask | None = None
    pieces: str | None = None

    recipes: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "small": {
            "pretext": {"length": 64},
            "backbone": {
                "type": "modernbert",
                "hidden_size": 128,
                "num_hidden_layers": 2,
                "num_attention_heads": 4,
                "intermediate_size": 256,
                "layer_types": ["full_attention", "full_attention"],
            },
            "optimizer": {
                "name": "adamw",
                "lr": 3e-3,
                "betas": [0.9, 0.98],
                "eps": 1e-6,
                "weight_decay": 0.01,
                "clip": 1.0,
            },
            "schedule": {"name": "linear", "warmup": 100},
            "batch_size": 32,
            "steps": 700,
            "checkpoint_every": 200,
        },
        "paper": _PAPER,
        "spanbert": {
            **_PAPER,
            "pretext": {"length": 512, "mask": {"name": "span"}},
            "backbone": _LARGE,
            "optimizer": {**_ADAMW, "eps": 1e-8, "weight_decay": 0.1},
            "steps": 2_400_000,
        },
    }
    examples: ClassVar[Sequence[PretextExample]] = (
        PretextExample(record=_RECORD, parameters=_EXAMPLE, backbone=_TINY),
        *(
            PretextExample(record=_RECORD, parameters={**_EXAMPLE, **mask}, backbone=_TINY)
            for mask in ({"mask": {"name": "word"}, "pieces": _PIECES}, {"mask": {"name": "span"}, "pieces": _PIECES})
        ),
    )

    def __post_init__(self) -> None:
        # Of .9 and .1 the sum is a hair above 1 in places.
        if self.masked + self.random > 1 + 1e-9:
            raise ValueError(
                f"masked and random are shares of the same tokens: {self.masked} + {self.random} is above 1"
            )

    def bind(self, data: DataFacts) -> Self:
        """See `Pretext.bind`: takes the vocabulary, and what its tokens are of words where the mask is of words."""
        bound = super().bind(data)
        if self.pieces is not None or not self.hiding.of_words:
            return bound
        return replace(bound, pieces=word_pieces(data.tokenizer))

    @property
    def hiding(self) -> TokenMask:
        """What chooses the positions to predict."""
        return self.mask or SingleMask()

    @property
    def frame(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """See `Pretext.frame`: [CLS] before a window and [SEP] behind it."""
        return ("cls",), ("sep",)

    @property
    def network(self) -> dict[str, Any]:
        """See `Pretext.network`."""
        return {
            **super().network,
            **dict.fromkeys(("bos_token_id", "cls_token_id"), self.words.cls),
            **dict.fromkeys(("eos_token_id", "sep_token_id"), self.words.sep),
        }

    def sample(self, record: Record, rng: np.random.Generator) -> Arrays:
        """See the file's docstring."""
        words = self.words
        tokens = self.framed(record["tokens"][: self.window])
        document = self._documents(record["ends"])
        window = Window(self._plain[tokens], document, None if self._pieces is None else self._pieces[tokens])
        count = prediction_count(self.length, self.share, self.cap)
        chosen = self.hiding.choose(window, count, rng)
        real = len(chosen.positions)
        positions, labels = np.zeros(count, np.int64), np.full(count, IGNORED, np.int64)
        positions[:real], labels[:real] = chosen.positions, tokens[chosen.positions]
        hidden = corrupt(
            tokens, chosen, rng, mask=words.mask, vocabulary=words.size, masked=self.masked, random=self.random
        )
        if self.attention == "window":
            document = np.zeros_like(document)
        return {
            "tokens": hidden,
            "positions": positions,
            "labels": labels,
            "document": document,
            "places": places_within(document),
        }

    def _documents(self, ends: np.ndarray) -> np.ndarray:
        """The number of each token's document; [CLS] belongs to the first, [SEP] to the last."""
        inner = ends[(ends > 0) & (ends < self.window)]
        return document_numbers(self.length, inner + 1)

    @cached_property
    def _plain(self) -> NDArray[np.bool_]:
        """(V,) which ids are no special tokens."""
        return ~np.isin(np.arange(self.words.size), self.words.special)

    @cached_property
    def _pieces(self) -> NDArray[np.uint8] | None:
        """(V,) what each id is of a word, where anybody asks."""
        return None if self.pieces is None else np.frombuffer(self.pieces.encode(), np.uint8) - ord("0")

    def objective(self, backbone: BackboneRecipe) -> "MlmObjective":
        """See `Pretext.objective`."""
        return MlmObjective(masked_lm(backbone, self.network), self.words)


class MlmObjective(Objective):
    """Device half: cross-entropy at the chosen positions; the head runs on those alone."""

    special: Tensor

    def __init__(self, backbone: Any, vocabulary: Vocabulary) -> None:
        super().__init__()
        self.backbone = backbone
        self.pad, self.mask = vocabulary.pad, vocabulary.mask
        self.register_buffer("special", torch.tensor(vocabulary.special), persistent=False)

    def targets(self, batch: Batch) -> dict[str, Tensor]:
        """See `Objective.targets`: the predicted tokens."""
        return {"tokens": (batch["labels"] != IGNORED).sum()}

    def loss(self, batch: Batch) -> Loss:
        """See `Objective.loss`."""
        hidden, labels = self._states(batch), batch["labels"].flatten()
        logits = self._predict(hidden, batch).flatten(0, 1)
        total = F.cross_entropy(logits.float(), labels, ignore_index=IGNORED, reduction="sum")
        right = (logits.argmax(-1) == labels).sum()
        return Loss(
            {"tokens": total},
            {"accuracy": Mean(right, (labels != IGNORED).sum())},
            representations=self._pooled(hidden.detach(), batch["tokens"]),
        )

    def features(self, batch: Batch) -> Tensor:
        """The mean over a window's plain tokens of the last hidden states; (B, D)."""
        tokens = batch["tokens"]
        hidden = self.backbone.base_model(input_ids=tokens, attention_mask=tokens != self.pad).last_hidden_state
        return self._pooled(hidden, tokens)

    def draw(self, batch: Batch, data: DataFacts) -> list[Drawing]:
        """Each window with its predictions as [shown → guess], or [shown → guess ≠ truth]; ▢ is the mask."""
        guesses = self._predict(self._states(batch), batch).argmax(-1)
        rows = zip(batch["tokens"], batch["positions"], batch["labels"], guesses, strict=True)
        return [_drawing(data, *(each.tolist() for each in row)) for row in rows]

    def _states(self, batch: Batch) -> Tensor:
        """(B, T, D) the last hidden states."""
        return packed_states(self.backbone, batch["tokens"], batch["document"], batch["places"])

    def _predict(self, hidden: Tensor, batch: Batch) -> Tensor:
        """(B, K, V) logits at the chosen positions."""
        return masked_lm_logits(self.backbone, gathered(hidden, batch["positions"]))

    def _pooled(self, hidden: Tensor, tokens: Tensor) -> Tensor:
        """(B, D) the mean over plain tokens."""
        return mean_of(hidden, ~torch.isin(tokens, self.special))


def _drawing(
    data: DataFacts, tokens: list[int], positions: list[int], labels: list[int], guesses: list[int]
) -> Drawing:
    def word(token: int) -> str:
        return _HIDDEN if token == data.vocabulary.mask else data.word(token)

    answers = {at: pair for at, *pair in zip(positions, labels, guesses, strict=True) if pair[0] != IGNORED}
    parts, last = [], 1
    for at, (label, guess) in sorted(answers.items()):
        verdict = word(guess) if guess == label else f"{word(guess)} ≠ {word(label)}"
        parts += [data.decode(tokens[last:at]), f" [{word(tokens[at])} → {verdict}] "]
        last = at + 1
    right = sum(label == guess for label, guess in answers.values())
    shown = "".join([*parts, data.decode(tokens[last:-1])])
    return Drawing(caption=f"{right} of {len(answers)} hidden tokens found", text=shown)
