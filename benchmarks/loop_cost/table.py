"""A table of the loop's cost: the bare model, `headrace train`, and its loader alone."""

from collections.abc import Callable
from functools import partial

from ..harness import OURS, Benchmark, Contestant, Setting, Target
from .contestants import bare_model, loader_alone, whole_loop

BARE, LOOP = "bare model, one resident batch", "headrace train"
LEAST = 0.97
"""Of the bare model's samples per second."""


def loop_table(
    title: str, recipe: str, steps: int, prepare: Callable[[Setting], None], peers: tuple[Contestant, ...] = ()
) -> Benchmark:
    """The benchmark of a recipe.

    Args:
        title: The table's heading.
        recipe: A file in `recipes/`.
        steps: Of a block.
        prepare: Writes the data.
        peers: Other loops with the same model on the same data.
    """
    makers = {BARE: bare_model, LOOP: whole_loop, "headrace's loader alone": loader_alone}
    ours = [Contestant(name, OURS, partial(make, recipe, steps)) for name, make in makers.items()]
    return Benchmark(
        title=title,
        unit="samples",
        prepare=prepare,
        contestants=(*ours, *peers),
        targets=(Target(title, BARE, LOOP, least=LEAST),),
        one_core=False,
    )
