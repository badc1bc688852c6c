"""The network as evaluations need it, and as it was before, afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """While the block runs, a module is in evaluation mode; afterwards each of its parts is in the mode it was in.

    Nothing of it is compiled meanwhile: compiled code does not see the hooks by which evaluations look into a network,
    and would be made anew for the sizes of their batches.
    """
    before = [(each, each.training) for each in module.modules()]
    module.eval()
    try:
        with torch.compiler.set_stance("force_eager"):
            yield
    finally:
        for each, training in before:
            each.training = training
