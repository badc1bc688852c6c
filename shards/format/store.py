"""How the readers of a set reach its files: a shard by ranges, an index whole."""

from .faults import missing
from .patience import Patience
from .shard_list import ShardInfo
from .source import RangeSource, open_source
from .transfer import Transfer, fetch
from .urls import local_path


class Store:
    """Reaches every file where it lies. May be used after a fork, by threads, and sent to other processes.

    Args:
        patience: How long and how often stores elsewhere are asked; their faults are counted here, over all files.
    """

    def __init__(self, patience: Patience | None = None) -> None:
        self.transfer = Transfer(patience or Patience())

    def shard(self, place: str, shard: ShardInfo) -> RangeSource:
        """The file of a shard; nothing is opened before the first read."""
        return open_source(place, self.transfer)

    def index(self, place: str, shard: ShardInfo) -> bytes:
        """The index of a shard.

        Raises:
            ShardError: There is none.
            StoreError: A store does not give it.
        """
        try:
            return fetch(place, self.transfer)
        except FileNotFoundError as error:
            raise missing(place) from error

    def index_again(self, place: str, shard: ShardInfo) -> bytes:
        """As `index`, from where it really lies, for one that turned out to be wrong."""
        return Store.index(self, place, shard)

    def at_hand(self, place: str, shard: ShardInfo) -> bool:
        """Whether the shard can be read without waiting for a network."""
        return local_path(place) is not None
