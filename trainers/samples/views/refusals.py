"""Pictures that cannot be used: what is wrong with which sample of a batch."""

from collections.abc import Iterator, Sequence
from types import TracebackType

from headrace.shards.base.errors import CorruptSampleError
from headrace.shards.stream.sources.columns import Sample
from headrace.shards.stream.sources.replacement import DamagedRowsError


class Refusals:
    """Goes through samples, and notes those over which ValueError is raised instead of ending there.

        for row in (refusals := Refusals(samples)):
            with refusals:
                ...
        refusals.settle()

    Args:
        samples: The samples of a batch.
    """

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._samples, self._row = samples, 0
        self._refused: dict[int, CorruptSampleError] = {}

    def __iter__(self) -> Iterator[int]:
        for row in range(len(self._samples)):
            self._row = row
            yield row

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> bool:
        if not isinstance(error, ValueError):
            return False
        key = self._samples[self._row].get("__key__", "without a key")
        self._refused[self._row] = CorruptSampleError(
            f"the picture of the sample '{key}' cannot be used",
            found=str(error),
            remedy="Build the shards anew: a build leaves such pictures out, and says which",
        )
        return True

    def settle(self) -> None:
        """Raise what was noted, if anything was.

        Raises:
            DamagedRowsError: Names all samples that were refused.
        """
        if self._refused:
            raise DamagedRowsError(self._refused)
