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
from .._preference import LAST, Preference, Ranks
from .links import first_of_bands
from .scheme import Scheme
from .sorting import append_rows

BANDS = "bands.arrow"
LINKS = "links.bin"
SIGNATURES = "signatures.arrow"


@dataclass(frozen=True)
class Sign:
    """Writes `signatures.arrow` (number, rank, signature) of one split, and what shares a band.

    Records of this split that share a band are linked here (`links.bin`, uint64 (m, 2)), and only the first of them is
    exchanged with its band: however many records share one, a partition holds no more rows of it than there are splits.
    """

    version: ClassVar[int] = 2
    view: View
    name: str
    preference: Preference
    scheme: Scheme
    partitions: int

    def run(self, root: Path, folder: Path) -> Mapping[str, Any]:
        """Do it."""
        scheme = self.scheme
        kind = pa.list_(pa.uint32(), scheme.permutations)
        schema = pa.schema([("number", pa.uint64()), ("rank", pa.uint64()), ("signature", kind)])
        ranks = Ranks(self.preference, root, self.view, self.name, "text")
        columns = dict.fromkeys(["number", "text", *self.preference.columns("text")])
        bands, numbers, ranked = [np.empty((0, scheme.bands), np.uint64)], [np.empty(0, np.uint64)], 0
        with pa.OSFile(str(folder / SIGNATURES), "wb") as file, pa.ipc.new_file(file, schema) as writer:
            for batch in self.view.batches(root, list(columns)):
                signed = signatures(
                    batch.column("text"), scheme.permutations, scheme.ngram, scheme.seed, scheme.characters
                )
                values = pa.FixedSizeListArray.from_arrays(pa.array(signed.ravel()), scheme.permutations)
                rank = ranks.of(batch)
                writer.write_batch(pa.record_batch([batch.column("number"), pa.array(rank), values], schema=schema))
                ranked += int(np.count_nonzero(rank != LAST))
                # A record without words is like no other: its signature is empty and must not be paired.
                worded = np.any(signed != EMPTY, axis=1)
                bands.append(band_hashes(signed[worded], scheme.bands, scheme.rows))
                numbers.append(batch.column("number").to_numpy()[worded])
        number = np.repeat(np.concatenate(numbers), scheme.bands)
        band, first, links = first_of_bands(np.concatenate(bands).ravel(), number)
        table = pa.table({"band": band, "number": first})
        exchange.write(folder / BANDS, table, exchange.partition_of(band, self.partitions), self.partitions)
        append_rows(folder / LINKS, links)
        return {"records": len(number) // scheme.bands, "ranked": ranked, "links": len(links)}
