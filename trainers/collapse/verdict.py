"""What the numbers mean: whether a network has collapsed, in which way, why most likely, and what to do."""

from collections.abc import Callable
from dataclasses import dataclass

from .measures import Measures

SAMPLES = 64
"""Fewer are not judged: chance alone would make their numbers anything."""
SAME = 0.01
"""Feature std under which all samples are the same. A collapsed network's falls on until rounding is left. Pooled
states of networks that predict or reconstruct share most of their direction early on, and are healthy: small presets
fell to .03 (BERT, step 50), .05 (causal_lm, step 20) and .08 (mae, step 40), and rose again."""
FLAT = 0.05
"""Effective rank, as a share of the possible one, under which dimensions have collapsed, where there are views that
should agree: whatever makes them agree may do so by having less to differ in."""
FEW = 2.5
"""Effective rank under which they have in any case: a line, or two clusters. States of networks that predict are few
for a while when they have learned how frequent words are, and nothing else (5 of 128: causal_lm, step 50)."""
DEAD = 0.25
"""Share of dead dimensions that is too many. Some units that are never active are normal behind a ReLU; a quarter is
capacity that was paid for."""
STRANGERS = 0.95
"""Distance of a sample's views over that of samples, from which on views do not agree. They share colours and
brightness, and so have less even before training."""


@dataclass(frozen=True)
class Verdict:
    """What a watch has to say.

    Args:
        healthy: Whether nothing is wrong.
        words: What was found; where something is wrong, its likely cause and what to do.
        told: Whether there was enough to tell.
    """

    healthy: bool
    words: str
    told: bool = True


@dataclass(frozen=True)
class _Ailment:
    """One way to collapse.

    Args:
        name: What it is called.
        shows: Whether the numbers show it.
        seen: What of them shows it.
        cause: What most likely causes it.
        remedy: What to do.
    """

    name: str
    shows: Callable[[Measures], bool]
    seen: Callable[[Measures], str]
    cause: str
    remedy: str


_AILMENTS = (
    _Ailment(
        "complete collapse: all samples have the same representation",
        lambda found: found.feature_std < SAME,
        lambda found: f"feature std {found.feature_std:.4f}, where vectors that point everywhere have 1",
        "nothing pushes samples apart: no negatives, a teacher without stop-gradient or centre, no predictor",
        "Look whether the loss has them; if it does, lower the learning rate or lengthen the warm-up",
    ),
    _Ailment(
        "dimensional collapse: representations differ in few directions",
        lambda found: found.effective_rank < (FEW if found.alignment is None else max(FEW, FLAT * found.possible)),
        lambda found: _rank(found),
        "nothing but a BatchNorm keeps samples apart (no negatives, no stop-gradient), augmentations are stronger than "
        "what samples differ in, or weight decay or temperature are too high",
        "Look whether the loss pushes samples apart; weaken the augmentations (`headrace peek` shows them), lower "
        "weight decay or temperature, enlarge the batch",
    ),
    _Ailment(
        "dead dimensions: they are the same for all samples",
        lambda found: found.dead_dimensions > DEAD,
        lambda found: f"{found.dead_dimensions:.0%} of the dimensions never change",
        "units that are never active, after steps that were too large",
        "Lower the learning rate or lengthen the warm-up, clip gradients, or put a norm before the activation",
    ),
    _Ailment(
        "positives are not aligned: views of a sample are as far apart as samples",
        lambda found: found.disagreement > STRANGERS,
        lambda found: f"alignment {found.alignment:.2f}, uniformity {found.uniformity:.2f}",
        "views that share nothing, views paired with those of other samples, or a learning rate at which nothing is "
        "learned",
        "Look at the views (`headrace peek`), weaken the augmentations, and try other learning rates",
    ),
)
"""The gravest first; of several, that one is told."""


def judged(found: Measures) -> Verdict:
    """The gravest thing that is wrong, if any is."""
    if found.samples < SAMPLES:
        return Verdict(True, f"not judged: {found.samples} samples are too few, {SAMPLES} are needed", told=False)
    for ailment in _AILMENTS:
        if ailment.shows(found):
            words = f"{ailment.name} ({ailment.seen(found)}). Likely cause: {ailment.cause}. {ailment.remedy}."
            return Verdict(False, words)
    return Verdict(True, f"healthy: {_rank(found)}, feature std {found.feature_std:.2f}")


def _rank(found: Measures) -> str:
    return f"effective rank {found.effective_rank:.1f} of {found.possible} possible"
