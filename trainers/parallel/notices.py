"""What processes of a run tell each other beside the training, at the store by which torch let them find each other.

Signs are counted, of each process and kind; of notices, the first one stays.
"""

import json
import os
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Literal

from torch.distributed import PrefixStore, TCPStore  # type: ignore[attr-defined]

Sign = Literal["alive", "waited", "left"]
"""It runs; it has waited for another one in vain; it needs no other one any more."""


@dataclass(frozen=True)
class Notice:
    """That a process has ended otherwise than it should.

    Args:
        rank: Its number among all processes.
        reason: What it said; empty where it said nothing.
    """

    rank: int
    reason: str = ""


class Notices:
    """A client of the store, of its own: one that waits for something lets nobody else ask.

    Args:
        patience: Seconds to wait for the store.
    """

    def __init__(self, patience: float) -> None:
        place = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
        store = TCPStore(*place, is_master=False, wait_for_workers=False, timeout=timedelta(seconds=patience))
        # torchrun starts all processes again at the same store, where it is told to.
        self._store = PrefixStore(f"notices/{os.environ.get('TORCHELASTIC_RESTART_COUNT', 0)}", store)

    def sign(self, sign: Sign, rank: int) -> None:
        """Give a sign of a process."""
        self._store.add(f"{sign}/{rank}", 1)

    def signs(self, sign: Sign, rank: int) -> int:
        """How many signs of a process there are."""
        return self._store.add(f"{sign}/{rank}", 0)

    def put(self, notice: Notice) -> None:
        """Put a notice up, unless there is one."""
        if self._store.add("notices", 1) == 1:
            self._store.set("first", json.dumps(asdict(notice)))

    def first(self) -> Notice | None:
        """The first notice; None while there is none."""
        return Notice(**json.loads(self._store.get("first"))) if self._store.add("notices", 0) else None

    def first_to_ask(self) -> bool:
        """Whether no other process has asked this before."""
        return self._store.add("asked", 1) == 1
