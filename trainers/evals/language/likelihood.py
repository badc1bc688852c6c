"""How likely a language model holds the tokens of a text to be.

A network that predicts the next token reads a special token that stands between documents (`sep`), then the text, and
gives log p(x_i | x_<i). One that predicts hidden tokens gives the pseudo-log-likelihood of each token: log p(x_i | all
others), with that token alone hidden (Salazar et al. 2020, "Masked Language Model Scoring"), for one pass a token.
Both are computed in fp32 and as natural logarithms.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from headrace.shards.base.errors import RecipeError, TrainingError
from headrace.shards.base.progress import Advance

from ...backbones import causal_states, masked_lm_logits, packed_states
from ...modes import evaluating
from ...pretext.base import Objective
from ...text_pretext import TextPretext
from .windows import windows

_ON_CPU, _ELSEWHERE = 2**12, 2**16
"""Tokens that are read at once."""
_LOGITS = 2**22
"""Logits that are in memory at a time on a CPU; elsewhere 16 times as many."""
Kind = Literal["causal", "masked"]


@dataclass(frozen=True)
class Passage:
    """A text, of which a part is scored.

    Args:
        tokens: (n,) without special ones around them.
        first: The first token that is scored; all behind it are.
    """

    tokens: NDArray[np.int64]
    first: int = 0


def kind_of(objective: Objective) -> Kind:
    """What a language model predicts: the next token, or hidden ones.

    Raises:
        RecipeError: Its network has no head over the vocabulary.
    """
    from transformers import GenerationMixin

    backbone = objective.backbone
    if isinstance(backbone, GenerationMixin):
        return "causal"
    if backbone.get_output_embeddings() is not None:
        return "masked"
    raise RecipeError(
        "this network cannot say how likely a text is",
        found=f"a {type(backbone).__name__}, without a head over the vocabulary",
        expected="a language model, such as those of the pretexts causal_lm and mlm",
        remedy="Take evaluations of language out of `evals`",
    )


def log_likelihoods(
    objective: Objective,
    pretext: TextPretext,
    passages: Sequence[Passage],
    device: torch.device,
    advance: Advance,
    stride: int | None = None,
) -> list[NDArray[np.float64]]:
    """Of each passage the log-likelihoods of the tokens that are scored.

    Args:
        objective: A language model.
        pretext: Its pretext, bound to the data.
        passages: What is scored.
        device: Where the network computes.
        advance: Is called for each token that was scored.
        stride: See `windows`, for a network that predicts the next token; None: the length of its windows.

    Raises:
        RecipeError: The network is no language model.
        TrainingError: They are not finite.
    """
    scorer = _Causal if kind_of(objective) == "causal" else _Masked
    found = [np.full(len(each.tokens) - each.first, np.nan) for each in passages]
    some = scorer(objective.to(device), pretext, stride or pretext.length)
    pieces = [piece for number, passage in enumerate(passages) for piece in some.pieces(number, passage)]
    with evaluating(objective), torch.no_grad():
        for batch in _batches(pieces, _ON_CPU if device.type == "cpu" else _ELSEWHERE):
            scores = some.scored(batch, device).double().cpu().numpy()
            bounds = np.cumsum([0, *(len(each.labels) for each in batch)])
            for each, begin, end in zip(batch, bounds[:-1], bounds[1:], strict=True):
                found[each.passage][each.place : each.place + end - begin] = scores[begin:end]
            advance(len(scores))
    if not all(np.isfinite(each).all() for each in found):
        raise TrainingError(
            "the network holds some tokens for impossible, or for nothing that can be said",
            found="likelihoods that are no finite numbers",
            remedy="Evaluate an earlier checkpoint, or train anew with a lower rate",
        )
    return found


@dataclass(frozen=True)
class _Piece:
    """What is read at once, and what is scored of it.

    Args:
        inputs: (n,) tokens.
        positions: (k,) inputs at which a token is predicted.
        labels: (k,) the tokens.
        passage: Whose they are.
        place: The first of them among those of the passage that are scored.
    """

    inputs: NDArray[np.int64]
    positions: NDArray[np.int64]
    labels: NDArray[np.int64]
    passage: int
    place: int


class _Causal:
    def __init__(self, objective: Objective, pretext: TextPretext, stride: int) -> None:
        self.backbone, self.words = objective.backbone, pretext.words
        self.length, self.stride = pretext.length, stride

    def pieces(self, number: int, passage: Passage) -> Iterator[_Piece]:
        sequence = np.concatenate(([self.words.sep], passage.tokens))
        for window in windows(passage.first + 1, len(sequence), self.length, self.stride):
            positions = np.arange(window.first - 1, window.end) - window.begin
            yield _Piece(
                inputs=sequence[window.begin : window.end],
                positions=positions,
                labels=sequence[window.first : window.end + 1],
                passage=number,
                place=window.first - 1 - passage.first,
            )

    def scored(self, batch: Sequence[_Piece], device: torch.device) -> Tensor:
        # What fills a row up stands behind all others, and so is seen by none of them.
        states = causal_states(self.backbone, _padded(batch, self.words.pad, device))
        return _scores(self.backbone.get_output_embeddings(), _chosen(states, batch), batch)


class _Masked:
    def __init__(self, objective: Objective, pretext: TextPretext, stride: int) -> None:
        self.backbone, self.pretext, self.words = objective.backbone, pretext, pretext.words

    def pieces(self, number: int, passage: Passage) -> Iterator[_Piece]:
        before, room = len(self.pretext.frame[0]), self.pretext.window
        for at in range(passage.first, len(passage.tokens)):
            begin = max(0, min(at - room // 2, len(passage.tokens) - room))
            inputs = self.pretext.framed(passage.tokens[begin : begin + room])
            position = before + at - begin
            inputs[position] = self.words.mask
            label = passage.tokens[at : at + 1].astype(np.int64)
            yield _Piece(inputs, np.array([position]), label, number, at - passage.first)

    def scored(self, batch: Sequence[_Piece], device: torch.device) -> Tensor:
        tokens = _padded(batch, self.words.pad, device)
        # What fills a row up counts as another document, which the first does not see.
        document = (torch.arange(tokens.shape[1], device=device) >= _lengths(batch, device)[:, None]).long()
        places = torch.arange(tokens.shape[1], device=device).expand_as(tokens)
        states = packed_states(self.backbone, tokens, document, places)
        return _scores(lambda hidden: masked_lm_logits(self.backbone, hidden), _chosen(states, batch), batch)


def _padded(batch: Sequence[_Piece], pad: int, device: torch.device) -> Tensor:
    rows = np.full((len(batch), max(len(each.inputs) for each in batch)), pad, np.int64)
    for row, each in zip(rows, batch, strict=True):
        row[: len(each.inputs)] = each.inputs
    return torch.from_numpy(rows).to(device)


def _lengths(batch: Sequence[_Piece], device: torch.device) -> Tensor:
    return torch.tensor([len(each.inputs) for each in batch], device=device)


def _chosen(states: Tensor, batch: Sequence[_Piece]) -> Tensor:
    """(K, D) the states at the positions at which something is predicted."""
    rows = np.repeat(np.arange(len(batch)), [len(each.positions) for each in batch])
    places = np.concatenate([each.positions for each in batch])
    return states[torch.from_numpy(rows).to(states.device), torch.from_numpy(places).to(states.device)]


def _scores(head: Any, states: Tensor, batch: Sequence[_Piece]) -> Tensor:
    """(K,) the log-likelihoods of the labels, some logits at a time."""
    labels = torch.from_numpy(np.concatenate([each.labels for each in batch])).to(states.device)
    width = head(states[:1]).shape[-1]
    at_once = max(1, _LOGITS * (1 if states.device.type == "cpu" else 16) // width)
    parts = [slice(start, start + at_once) for start in range(0, len(labels), at_once)]
    return torch.cat([-F.cross_entropy(head(states[part]).float(), labels[part], reduction="none") for part in parts])


def _batches(pieces: Sequence[_Piece], tokens: int) -> Iterator[list[_Piece]]:
    """Pieces of similar lengths, the longest first, so that little is filled up."""
    batch: list[_Piece] = []
    for piece in sorted(pieces, key=lambda each: -len(each.inputs)):
        if batch and (len(batch) + 1) * len(batch[0].inputs) > tokens:
            yield batch
            batch = []
        batch.append(piece)
    if batch:
        yield batch
