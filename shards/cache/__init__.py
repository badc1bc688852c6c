"""The shard cache: whole shards of a store elsewhere, kept on this machine for as long as they are needed soon.

    stream = Stream("s3://bucket/images", cache=Cache("/scratch/headrace", limit="50GB"))

Once an iteration has handed over its first batch, threads of the rank's own process (see `prefetch`) fetch whole shards
in the order in which the rank will need them. What is not there yet is read by ranges, or waited for where some
process is just fetching it: it comes sooner than it could be read besides, and its bytes cross the network once.

The folder is shared by all processes and all jobs of a machine that name it, and holds

    SHA256.shard    a shard, verified; it is named by its content, so that jobs share what they have in common
    SHA256.index    its index
    SHA256.part     a shard that is being fetched by the process that holds the lock (flock) of this file
    ID.member       a process that uses the cache, for as long as it holds the lock of this file
    ID.needs        the shards it needs next, in that order
    lock            whose lock is held while room is made

A shard takes its name by a rename when it is whole and its hash is that of the manifest, so that a process which dies
leaves no half shard: its lock goes with it, and the next one begins the part anew. Files of other names are never
touched, and never counted.

**Room.** All shards and parts together, at their full sizes, stay within the limit. A shard's distance is its place in
the list of that member which needs it soonest, and without end where it is in none. A new shard takes the place only of
shards with a larger distance than its own, the largest first, then the oldest. So what is needed soon is never given up
for what is needed later, whichever process fetches it.

Nothing here can change the order of samples, nor the samples: it is decided before, and shards come from the cache or
from the store with the same bytes.
"""

from .settings import Cache

__all__ = ["Cache"]
