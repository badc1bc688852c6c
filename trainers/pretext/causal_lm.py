"""Next-token prediction: predict each token from those before it.

Radford, Narasimhan, Salimans, Sutskever 2018, "Improving Language Understanding by Generative Pre-Training", section
3.1, equation 1; the network and its initialisation as in Radford et al. 2019 ("GPT-2", section 2.3), the numbers of
`paper` those of nanoGPT's GPT-2 of 124M parameters.

With x_0 .. x_T the T + 1 tokens of a window and I the positions whose target what stands before it may tell (all of
them where `attention` is `window`):

    loss = - 1 / |I| * sum over i in I of log p(x_(i+1) | x_0 .. x_i),        |I| counted over the whole global batch

A sample:

    tokens    (T,) int64   x_0 .. x_(T-1)
    labels    (T,) int64   x_1 .. x_T; -100 where x_(i+1) is a word of another document, and documents are kept apart
    document  (T,) int64   the number of the document within the window } where `attention` is `document`,
    places    (T,) int64   the position within the document, from 0     } else neither is there

With `attention: window`, the original's way, tokens attend to whatever stands before them, and the first token of a
document is predicted from the end of another one; with `document` neither happens. There the token that ends a document
is the last target of that one and the first input of the next, so that each begins with it, as texts do in evaluations,
and its first word is predicted from it alone; documents without such a token stay apart all the same. Windows overlap
by the one token that is the last target of one and the first input of the next, so that each token of a shard is
predicted once in an epoch, but the first one and those that fill no window at the end.

With a sparse mixture of experts (`type: mixtral`) and `balance` alpha, there is another term, the sequence-wise balance
loss of DeepSeek-V3 (equations 17-20; the router's probabilities are a softmax's here, as in Mixtral):

    loss_balance = alpha / |windows| * sum over windows and blocks of sum over the E experts i of f_i P_i

where f_i is E / K times the share of the window's tokens that are routed to expert i, K to each token, and P_i the mean
probability that the router gives it. `busiest_expert` in the log is the share of a window's choices that the expert
chosen most has, 1 / E where all is even; the mean over windows and blocks.

The features of a window are the mean of the last hidden states (behind the final norm) of its tokens, special ones left
out. Matrices begin with a standard deviation of .02, in GPT-2 those that end a residual branch with .02 / sqrt(2 L) for
L blocks (in transformers' Llama .02 as well). GPT-2's embedding is its head; Llama's is with `tie_word_embeddings`.

Deviations of the `paper` recipe from nanoGPT: linear layers and norms have biases and the GELU is the tanh
approximation, as in GPT-2 itself; the vocabulary is the data's, not filled up to 50,304; windows are drawn without
replacement. Its batch of 480 is meant for 8 devices in 5 micro-batches of 12. The `small` recipe is for minutes on a
CPU.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from headrace.shards.base.errors import RecipeError

from ..backbones import BackboneRecipe, causal_lm, causal_states, has_experts, routed_states
from ..data import DataFacts, Record
from ..losses.expert_balance import routing
from ..losses.token_loss import IGNORED, summed_cross_entropy
from ..samples.documents import document_numbers, places_within
from ..samples.rows import mean_of
from ..text.vocabulary import Vocabulary
from ..text_pretext import TextPretext
from .base import Arrays, Batch, Drawing, Loss, Mean, Objective, PretextExample

_SHOWN = 8
"""Of a drawn window, one target in so many is shown with its surprise."""
_EXAMPLE = {
    "length": 16,
    "vocabulary": {"size": 20, "mask": 0, "pad": 1, "cls": 2, "sep": 3, "special": (0, 1, 2, 3)},
}
_RECORD = {"tokens": np.arange(3, 20, dtype=np.uint16), "ends": np.array([5], np.int64)}
_TINY = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
_EXPERTS = {"num_key_value_heads": 2, "num_local_experts": 4, "num_experts_per_tok": 2}
_STILL = {"embd_pdrop": 0.0, "resid_pdrop": 0.0, "attn_pdrop": 0.0}


@dataclass(frozen=True, kw_only=True)
class CausalLm(TextPretext):
    """Parameters and worker half.

    Args:
        attention: Whether attention and loss stay within a `document`, or go across the whole `window`.
        balance: alpha, the weight of the balance loss of a mixture of experts, such as 0.01; 0 to watch the balance
            only; None: neither.
    """

    attention: Literal["document", "window"] = "window"
    balance: Annotated[float, Field(ge=0)] | None = None

    recipes: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "small": {
            "pretext": {"length": 64},
            "backbone": {
                "type": "llama",
                "hidden_size": 128,
                "num_hidden_layers": 2,
                "num_attention_heads": 4,
                "intermediate_size": 256,
                "tie_word_embeddings": True,
            },
            "optimizer": {"name": "adamw", "lr": 3e-3, "betas": [0.9, 0.95], "weight_decay": 0.1, "clip": 1.0},
            "schedule": {"name": "cosine", "warmup": 50, "floor": 0.1},
            "batch_size": 32,
            "steps": 700,
            "checkpoint_every": 200,
        },
        "paper": {
            "pretext": {"length": 1024},
            "backbone": {
                "type": "gpt2",
                "hidden_size": 768,
                "num_hidden_layers": 12,
                "num_attention_heads": 12,
                **_STILL,
            },
            "optimizer": {"name": "adamw", "lr": 6e-4, "betas": [0.9, 0.95], "weight_decay": 0.1, "clip": 1.0},
            "schedule": {"name": "cosine", "warmup": 2_000, "floor": 0.1},
            "batch_size": 480,
            "accumulate": 5,
            "steps": 600_000,
            "precision": "bf16",
            "checkpoint_every": 2_000,
            "log_every": 100,
        },
    }
    examples: ClassVar[Sequence[PretextExample]] = (
        PretextExample(record=_RECORD, parameters=_EXAMPLE, backbone={"type": "gpt2", **_TINY, **_STILL}),
        PretextExample(
            record=_RECORD,
            parameters={**_EXAMPLE, "attention": "document"},
            backbone={"type": "llama", **_TINY, "intermediate_size": 32},
        ),
        PretextExample(
            record=_RECORD,
            parameters={**_EXAMPLE, "balance": 0.01},
            backbone={"type": "mixtral", **_TINY, "intermediate_size": 32, **_EXPERTS},
        ),
    )

    @property
    def network(self) -> dict[str, Any]:
        """See `Pretext.network`; what ends a document is what a new one follows."""
        return {**super().network, **dict.fromkeys(("bos_token_id", "eos_token_id"), self.words.sep)}

    def sample(self, record: Record, rng: np.random.Generator) -> Arrays:
        """See the file's docstring; nothing is drawn."""
        window = record["tokens"].astype(np.int64)
        tokens, labels = window[:-1], window[1:]
        if self.attention == "window":
            return {"tokens": tokens, "labels": labels}
        ends, closing = record["ends"], self.words.sep
        number = document_numbers(len(window), ends - (window[ends - 1] == closing))
        document = number[:-1]
        return {
            "tokens": tokens,
            "labels": np.where((number[1:] == document) | (labels == closing), labels, IGNORED),
            "document": document,
            "places": places_within(document),
        }

    def objective(self, backbone: BackboneRecipe) -> "CausalLmObjective":
        """See `Pretext.objective`."""
        network = causal_lm(backbone, self.network)
        if self.balance is None:
            return CausalLmObjective(network, self.words)
        if not has_experts(network):
            raise RecipeError(
                "pretext.causal_lm.balance is about the experts of a network that has none",
                found=f"balance {self.balance} and backbone.type {backbone.type}",
                remedy="Leave balance out, or take a mixture of experts: backbone.type: mixtral",
            )
        return BalancedObjective(network, self.words, self.balance)


class CausalLmObjective(Objective):
    """Device half: cross-entropy of each token's successor."""

    special: Tensor

    def __init__(self, backbone: Any, vocabulary: Vocabulary) -> None:
        super().__init__()
        self.backbone = backbone
        self.register_buffer("special", torch.tensor(vocabulary.special), persistent=False)

    def targets(self, batch: Batch) -> dict[str, Tensor]:
        """See `Objective.targets`: the predicted tokens."""
        return {"tokens": (batch["labels"] != IGNORED).sum()}

    def loss(self, batch: Batch) -> Loss:
        """See `Objective.loss`."""
        return self._predicted(self._states(batch), batch)

    def features(self, batch: Batch) -> Tensor:
        """The mean over a window's plain tokens of the last hidden states; (B, D)."""
        # Padding stands behind all others, and so is seen by none of them.
        return self._pooled(self._states(batch), batch["tokens"])

    def draw(self, batch: Batch, data: DataFacts) -> list[Drawing]:
        """Each window with the targets of most surprise as [guess ≠ truth, bits]."""
        rows = zip(batch["tokens"], self._states(batch), batch["labels"], strict=True)
        return [self._drawing(data, int(tokens[0]), *rest) for tokens, *rest in rows]

    def _states(self, batch: Batch) -> Tensor:
        """(B, T, D) last hidden states."""
        return causal_states(self.backbone, batch["tokens"], batch.get("document"), batch.get("places"))

    def _predicted(self, states: Tensor, batch: Batch) -> Loss:
        """The loss from (B, T, D) last hidden states."""
        labels = batch["labels"].flatten()
        total = summed_cross_entropy(self.backbone.lm_head, states.flatten(0, 1), labels)
        return Loss({"tokens": total}, representations=self._pooled(states.detach(), batch["tokens"]))

    def _pooled(self, states: Tensor, tokens: Tensor) -> Tensor:
        """(B, D) the mean over plain tokens."""
        return mean_of(states, ~torch.isin(tokens, self.special))

    def _drawing(self, data: DataFacts, first: int, hidden: Tensor, labels: Tensor) -> Drawing:
        logits, real = self.backbone.lm_head(hidden).float(), labels != IGNORED
        bits = F.cross_entropy(logits, labels, ignore_index=IGNORED, reduction="none") / log(2)
        guesses, targets = logits.argmax(-1), int(real.sum())
        caption = (
            f"{bits.sum().item() / max(1, targets):.2f} bits per token; "
            f"the likeliest was right for {int((guesses == labels).sum())} of {targets}"
        )
        shown = set(bits.topk(targets // _SHOWN).indices.tolist())
        return Drawing(
            caption=caption, text=_text(data, first, labels.tolist(), guesses.tolist(), bits.tolist(), shown)
        )


class BalancedObjective(CausalLmObjective):
    """The same with the balance loss of a mixture of experts; see the file's docstring."""

    def __init__(self, backbone: Any, vocabulary: Vocabulary, weight: float) -> None:
        super().__init__(backbone, vocabulary)
        self.weight = weight

    def targets(self, batch: Batch) -> dict[str, Tensor]:
        """See `Objective.targets`: the predicted tokens, and the windows."""
        tokens = batch["tokens"]
        return {**super().targets(batch), "balance": torch.tensor(len(tokens), device=tokens.device)}

    def loss(self, batch: Batch) -> Loss:
        """See `Objective.loss`."""
        states, logits = routed_states(self.backbone, batch["tokens"], batch.get("document"), batch.get("places"))
        predicted, routed = self._predicted(states, batch), routing(logits, self.backbone.config.num_experts_per_tok)
        busiest = Mean(routed.most.sum(), torch.tensor(routed.choices * len(states), device=states.device))
        return replace(
            predicted,
            terms={**predicted.terms, "balance": self.weight * routed.balance.sum()},
            metrics={**predicted.metrics, "busiest_expert": busiest},
        )


def _text(
    data: DataFacts, first: int, labels: list[int], guesses: list[int], bits: list[float], shown: set[int]
) -> str:
    parts, plain = [], [first]
    for at, (label, guess, surprise) in enumerate(zip(labels, guesses, bits, strict=True)):
        if at in shown:
            wrong = "" if guess == label else f"{data.word(guess)} ≠ "
            parts += [data.decode(plain), f" [{wrong}{data.word(label)}, {surprise:.1f} bits] "]
            plain = []
        elif label != IGNORED:
            plain.append(label)
    return "".join([*parts, data.decode(plain)])
