"""A file behind an fsspec URL, of which ranges are read."""

from collections.abc import Sequence

from .faults import missing
from .ranges import joined
from .transfer import Transfer


class RemoteFile:
    """See `source.RangeSource`. Nothing is kept open; a fork or a pickle is harmless, and threads may share it.

    Args:
        url: The file.
        transfer: What reads it.
    """

    def __init__(self, url: str, transfer: Transfer) -> None:
        self._url = url
        self._transfer = transfer

    def opened(self) -> None:
        """See `source.RangeSource.opened`: it lies elsewhere."""

    def read(self, starts: Sequence[int], sizes: Sequence[int]) -> list[bytes]:
        """See `source.RangeSource.read`."""
        requests = joined(starts, sizes)
        try:
            blocks = self._transfer.ranges(self._url, [(begin, end) for begin, end, _ in requests])
        except FileNotFoundError as error:
            raise missing(self._url) from error
        found = [b""] * len(starts)
        for (begin, _, members), block in zip(requests, blocks, strict=True):
            for member in members:
                at = starts[member] - begin
                found[member] = block[at : at + sizes[member]]
        return found

    def read_again(self, starts: Sequence[int], sizes: Sequence[int]) -> list[bytes]:
        """See `source.RangeSource.read_again`."""
        return self.read(starts, sizes)

    def close(self) -> None:
        """See `source.RangeSource.close`."""
