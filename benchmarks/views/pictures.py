"""The pictures of the corpus as a set of tars, which all contestants read: headrace's, with indexes beside them."""

from pathlib import Path

from ..harness import Setting

SHARDS = 4
TARS = "tars"


def write_pictures(setting: Setting, pictures: str, samples: int) -> None:
    """Write the pictures of a folder of the corpus in turns, until there are `samples`.

    Args:
        setting: Where to, and from which corpus.
        pictures: A folder in it, relative to its root.
        samples: How many, a multiple of `SHARDS`.

    Raises:
        FileNotFoundError: The corpus has no such folder.
    """
    from headrace.shards.format.manifest import Manifest
    from headrace.shards.format.shard_list import Shards
    from headrace.shards.format.writer import ShardWriter

    files = sorted((setting.corpus / pictures).iterdir())
    chosen, infos = [files[number % len(files)] for number in range(samples)], []
    for number in range(SHARDS):
        with ShardWriter(setting.folder / TARS, f"{number:05d}.tar") as shard:
            for row, file in enumerate(chosen[number::SHARDS]):
                shard.add(f"{row * SHARDS + number:08d}", {file.suffix[1:]: file.read_bytes()})
        infos.append(shard.info)
    Manifest(kind="samples", name=pictures, shards=Shards.of(infos)).save(setting.folder / TARS)


def tars(folder: Path) -> list[str]:
    """Their paths, in any environment."""
    return [str(file) for file in sorted((folder / TARS).glob("*.tar"))]
