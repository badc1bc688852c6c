"""The precision of the forward pass, and the scale of the loss that fp16 needs.

Below 6e-8 fp16 is zero, and most gradients of activations are smaller. So the loss is multiplied by a scale, as large
as it may be without gradients above 65504, which are infinite; before they are clipped, the parameters' gradients
(fp32) are divided by it again (Micikevicius et al. 2017, "Mixed Precision Training", section 3.2). A step whose
gradients are infinite changes nothing but the scale, which is halved; after 2,000 steps without one it is doubled.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal

import torch

Precision = Literal["fp32", "bf16", "fp16"]
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}

_FIRST, _LEAST, _MOST = 2.0**16, 1.0, 2.0**32
_CALM = 2_000
"""Steps with finite gradients after which a larger scale is tried."""


def autocast(precision: Precision, device: torch.device) -> AbstractContextManager[None]:
    """While the block runs, what does not suffer from it is computed in this precision."""
    return torch.autocast(device.type, DTYPES[precision], enabled=precision != "fp32")


@dataclass
class LossScale:
    """What a loss is multiplied by; the same on all processes, since all of them see the same gradients.

    Args:
        value: The scale of the coming step.
        calm: Steps with finite gradients since it was last changed.
        grows: Whether a larger one is worth trying.
    """

    value: float = _FIRST
    calm: int = 0
    grows: bool = True

    @classmethod
    def of(cls, precision: Precision) -> "LossScale":
        """The scale of a run's first step: only fp16 needs one."""
        return cls() if precision == "fp16" else cls(_LEAST, grows=False)

    def endured(self) -> None:
        """After a step with finite gradients."""
        if self.grows:
            self.calm += 1
        if self.calm == _CALM:
            self.value, self.calm = min(2 * self.value, _MOST), 0

    def overflowed(self) -> bool:
        """After gradients that are not finite; whether there is a smaller scale to try."""
        self.value, self.calm = self.value / 2, 0
        return self.value >= _LEAST

    def line(self) -> dict[str, float]:
        """What the log tells of it."""
        return {"loss_scale": self.value} if self.grows else {}

    def state_dict(self) -> dict[str, float]:
        """What a checkpoint holds."""
        return {"value": self.value, "calm": self.calm}

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Go on from a checkpoint."""
        self.value, self.calm = state["value"], int(state["calm"])
