"""Work for other processes to do, in a module that they can import."""

import os
import signal
import time
from dataclasses import dataclass
from typing import ClassVar

from headrace.shards.base.errors import InputError


@dataclass(frozen=True)
class Square:
    version: ClassVar[int] = 1
    number: int

    def run(self, root, folder):
        (folder / "square").write_text(str(self.number**2))
        return {"square": self.number**2, "pid": os.getpid()}


@dataclass(frozen=True)
class Fail:
    """Raises, or ends its own process."""

    version: ClassVar[int] = 1
    how: str

    def run(self, root, folder):
        if self.how == "ours":
            raise InputError("no such input", found="nothing", remedy="look elsewhere")
        if self.how == "other":
            raise ZeroDivisionError("by zero")
        os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True)
class Sleep:
    """Says that it runs, then sleeps for a minute."""

    version: ClassVar[int] = 1
    number: int

    def run(self, root, folder):
        (root / f"running-{self.number}").write_text(str(os.getpid()))
        time.sleep(60)
        return {}


def note_process(folder):
    (folder / str(os.getpid())).touch()
