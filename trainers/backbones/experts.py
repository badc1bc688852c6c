"""The experts of a sparse mixture, computed in the precision of autocast.

The product of many rows, grouped by expert, with as many matrices (`torch.nn.functional.grouped_mm`) is none that
autocast knows: with fp32 parameters it would be computed in fp32, and with it most of such a network.
"""

from typing import Any

import torch
from torch import Tensor, nn

_NAME = "headrace_grouped_mm"


def compute_experts_in_precision(model: Any) -> None:
    """Let a network's experts be computed in the precision of autocast, where it is on."""
    from transformers.integrations.moe import ALL_EXPERTS_FUNCTIONS

    ALL_EXPERTS_FUNCTIONS.register(_NAME, _computed)
    model.config._experts_implementation = _NAME


class _Cast:
    """Experts as they are, but for the precision of their parameters.

    Args:
        experts: The experts.
        dtype: The precision.
    """

    def __init__(self, experts: nn.Module, dtype: torch.dtype) -> None:
        self._experts, self._dtype = experts, dtype

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._experts, name)
        return found.to(self._dtype) if isinstance(found, Tensor) else found


def _computed(experts: nn.Module, states: Tensor, chosen: Tensor, weights: Tensor) -> Tensor:
    from transformers.integrations.moe import grouped_mm_experts_forward

    device = states.device.type
    enabled = torch.is_autocast_enabled(device)
    called: Any = _Cast(experts, torch.get_autocast_dtype(device)) if enabled else experts
    made: Tensor = grouped_mm_experts_forward(called, states, chosen, weights)
    return made
