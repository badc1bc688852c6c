"""The index: the survivors' signatures, published with the shards, and opened as a datasketch LSH for queries."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from headrace.shards.base.errors import InputError

from ...population import View
from ...records import record_id, split_number
from .scheme import Scheme
from .sign import SIGNATURES

if TYPE_CHECKING:
    from datasketch import MinHashLSH

INDEX = "index.parquet"
_SCHEME = b"headrace.minhash"


@dataclass(frozen=True)
class Index:
    """Writes the ids and signatures of one split's survivors; the scheme stands in the file's metadata."""

    version: ClassVar[int] = 1
    view: View
    signed: str
    name: str
    scheme: Scheme

    def run(self, root: Path, folder: Path) -> Mapping[str, Any]:
        """Do it."""
        dead = pa.array(self.view.dead(root))
        with pa.memory_map(str(root / self.signed / SIGNATURES)) as file:
            table = pa.ipc.open_file(file).read_all()
        table = table.filter(pc.invert(pc.is_in(table.column("number"), value_set=dead)))
        ids = [record_id(self.name, split_number(number)[1]) for number in table.column("number").to_pylist()]
        index = pa.table({"id": pa.array(ids, pa.large_string()), "signature": table.column("signature")})
        metadata = {_SCHEME: json.dumps(asdict(self.scheme), sort_keys=True).encode()}
        pq.write_table(index.replace_schema_metadata(metadata), folder / INDEX, compression="zstd", store_schema=True)
        return {"records": index.num_rows}


def open_lsh(folder: Path) -> "tuple[MinHashLSH, Scheme]":
    """The published index (`OUT/minhash_dedup`) as a datasketch LSH, and the scheme by which queries must be signed.

    Query it with `to_datasketch(signature)` of a signature that `kernels.minhash.signatures` made by the scheme.

    Raises:
        InputError: The folder holds no index.
    """
    from ...kernels.datasketch_bridge import to_datasketch_lsh

    paths = sorted(folder.glob("part-*.parquet"))
    if not paths:
        raise InputError(
            f"{folder} holds no MinHash index", expected="the folder minhash_dedup of a build with that stage"
        )
    scheme = Scheme(**json.loads(pq.read_schema(paths[0]).metadata[_SCHEME]))

    def parts() -> Iterator[tuple[list[str], Any]]:
        for path in paths:
            table = pq.read_table(path).combine_chunks()
            column = table.column("signature").combine_chunks()
            yield table.column("id").to_pylist(), column.flatten().to_numpy().reshape(-1, scheme.permutations)

    ids, signed = zip(*parts(), strict=True)
    keys = [each for part in ids for each in part]
    return to_datasketch_lsh(keys, np.concatenate(signed), scheme.bands, scheme.rows, scheme.seed), scheme
