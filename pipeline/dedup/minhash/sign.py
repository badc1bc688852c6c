"""Sign: a MinHash signature for each living record, and its bands exchanged by their hashes."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from ...engine import exchange
from ...kernels.minhash import EMPTY, band_hashes, signatures
from ...population import View

BANDS = "bands.arrow"
SIGNATURES = "signatures.arrow"


@dataclass(frozen=True)
class Scheme:
    """How documents are compared: word n-grams, permutations, bands and rows.

    Args:
        ngram: Words in a shingle.
        bands: How many bands a signature is cut into; sharing one makes two documents candidates.
        rows: Values in a band.
        seed: Of the permutations.
    """

    ngram: int
    bands: int
    rows: int
    seed: int

    @property
    def permutations(self) -> int:
        """Values in a signature."""
        return self.bands * self.rows


@dataclass(frozen=True)
class Sign:
    """Writes `signatures.arrow` (number, signature) and the bands (band, number) of one split."""

    version: ClassVar[int] = 1
    view: View
    scheme: Scheme
    partitions: int

    def run(self, root: Path, folder: Path) -> Mapping[str, Any]:
        """Do it."""
        kind = pa.list_(pa.uint32(), self.scheme.permutations)
        schema = pa.schema([("number", pa.uint64()), ("signature", kind)])
        bands, numbers = [np.empty((0, self.scheme.bands), np.uint64)], [np.empty(0, np.uint64)]
        with pa.OSFile(str(folder / SIGNATURES), "wb") as file, pa.ipc.new_file(file, schema) as writer:
            for batch in self.view.batches(root, ["number", "text"]):
                signed = signatures(batch.column("text"), self.scheme.permutations, self.scheme.ngram, self.scheme.seed)
                values = pa.FixedSizeListArray.from_arrays(pa.array(signed.ravel()), self.scheme.permutations)
                writer.write_batch(pa.record_batch([batch.column("number"), values], schema=schema))
                # A record without words is like no other: its signature is empty and must not be paired.
                worded = np.any(signed != EMPTY, axis=1)
                bands.append(band_hashes(signed[worded], self.scheme.bands, self.scheme.rows))
                numbers.append(batch.column("number").to_numpy()[worded])
        number = np.repeat(np.concatenate(numbers), self.scheme.bands)
        band = np.concatenate(bands).ravel()
        table = pa.table({"band": band, "number": number})
        exchange.write(folder / BANDS, table, exchange.partition_of(band, self.partitions), self.partitions)
        return {"records": len(number) // max(self.scheme.bands, 1)}
