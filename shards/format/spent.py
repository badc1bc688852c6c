"""What time is spent on, measured where it is spent and summed up by whoever asks.

    with metering() as meter:
        with spent("disk"):            # two seconds in all
            with spent("decode"):      # one of them
                ...
    meter.seconds                      # {"disk": 1.0, "decode": 1.0}

Times are exclusive: what is spent within a stretch on something else does not count for the stretch. A meter hears of
its own context alone (a thread, and what it calls), so that threads which fetch ahead add nothing, but the wait for
them does. Without a meter, `spent` does nothing.
"""

from contextvars import ContextVar
from time import perf_counter
from types import TracebackType


class Meter:
    """Seconds by what they were spent on.

    Attributes:
        seconds: Name -> seconds, exclusive.
    """

    __slots__ = ("inner", "seconds")

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.inner = 0.0


_METER: ContextVar[Meter | None] = ContextVar("headrace.meter", default=None)


class metering:
    """While the block runs, its meter takes what is spent."""

    __slots__ = ("_outer",)

    def __enter__(self) -> Meter:
        meter = Meter()
        self._outer = _METER.set(meter)
        return meter

    def __exit__(self, *_: object) -> None:
        _METER.reset(self._outer)


class spent:
    """While the block runs, time is spent on something.

    Args:
        name: What it is; see `headrace.shards.stream.delivery.stalls` for those that loaders report.
    """

    __slots__ = ("_began", "_meter", "_name", "_outer")

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        self._meter = _METER.get()
        if self._meter is not None:
            self._outer, self._meter.inner = self._meter.inner, 0.0
            self._began = perf_counter()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        meter = self._meter
        if meter is not None:
            seconds = perf_counter() - self._began
            meter.seconds[self._name] = meter.seconds.get(self._name, 0.0) + seconds - meter.inner
            meter.inner = self._outer + seconds
