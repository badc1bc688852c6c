"""Holds a folder of shards against its manifest: every byte re-hashed, every index made anew from its tar."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ..base.counts import counted
from ..base.errors import ShardError
from ..base.progress import progress
from .atomic import TEMPORARY
from .checks import Problem, check_shard, check_tokenizer
from .index import SUFFIX, index_name
from .manifest import Manifest, folder_of
from .records import JSONL_ZST, PARQUET
from .urls import join, names_in, split

_WRITTEN = (SUFFIX, PARQUET, JSONL_ZST, TEMPORARY)


@dataclass(frozen=True)
class VerifyReport:
    """What was found."""

    url: str
    shards: int
    samples: int
    bytes: int
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Whether everything is what the manifest says."""
        return not self.problems

    def raise_for_problems(self) -> None:
        """Raise when something is not.

        Raises:
            ShardError: Names every problem.
        """
        if self.problems:
            raise ShardError(
                f"{self.url} is not what its manifest says, in {counted(len(self.problems), 'place')}",
                found="; ".join(map(str, self.problems)),
                remedy="Copy the files named here again. Where they were built, run the build's command again "
                "instead: it makes anew what is missing or was changed",
            )


def verify(url: str, workers: int = 2) -> VerifyReport:
    """Check a set of shards: nothing missing, nothing extra, every hash, index, count and page.

    Args:
        url: The folder (or manifest) of the set, local or any fsspec URL.
        workers: Shards checked at a time, in threads.

    Raises:
        ManifestError: There is no manifest to hold the folder against.
    """
    manifest = Manifest.load(url)
    folder = folder_of(url)
    problems = [*_unknown_files(folder, manifest), *_counts(manifest), *check_tokenizer(folder, manifest)]
    with (
        progress("verify", int(manifest.shards.bytes.sum()), counted=False) as advance,
        ThreadPoolExecutor(workers) as pool,
    ):
        results = pool.map(lambda shard: check_shard(folder, manifest, shard), manifest.shards)
        for shard, found in zip(manifest.shards, results, strict=True):
            problems += found
            advance(shard.bytes, note=shard.name)
    size = int(manifest.shards.bytes.sum())
    return VerifyReport(url, len(manifest.shards), manifest.samples, size, tuple(problems))


def _unknown_files(folder: str, manifest: Manifest) -> Iterator[Problem]:
    """Files that look like shards, in the folders where shards lie, but are not in the manifest.

    Among tars that others made, theirs are no concern of ours.
    """
    ours = _WRITTEN if manifest.adopted else (".tar", *_WRITTEN)
    known = set(manifest.shards.name)
    known |= {index_name(shard.name) for shard in manifest.shards if shard.index_sha256}
    for below in sorted({split(f"./{name}")[0] for name in manifest.shards.name}):
        for name in sorted(names_in(join(folder, below))):
            place = f"{below}/{name}".removeprefix("./")
            if name.endswith(ours) and place not in known:
                yield Problem(place, found="a file that the manifest does not name", expected="no such file")


def _counts(manifest: Manifest) -> Iterator[Problem]:
    if manifest.counts and manifest.counts.kept.records != manifest.samples:
        yield Problem(
            "manifest.json",
            found=f"{counted(manifest.samples, 'sample')} in all shards",
            expected=f"{counted(manifest.counts.kept.records, 'record')}, as many as were kept",
        )
