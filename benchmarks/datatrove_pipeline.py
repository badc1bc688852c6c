"""datatrove's way from a crawl to curated documents, as a command in its environment.

    python -m benchmarks.datatrove_pipeline EXTRACTOR CRAWL OUT

EXTRACTOR is `trafilatura` or `resiliparse`. The steps are those of its own `examples/fineweb.py`, with all of C4's and
Gopher's rules at their defaults and its four steps of MinHash; the language filter is left out, since its model must
be downloaded.
"""

import sys
from pathlib import Path
from typing import Any

PATIENCE = 30
"""Seconds for one page, and for loading the extractor: after its default, 1, it leaves pages out on a busy machine."""


def main() -> None:
    """Extract and filter, then sign, bucket, cluster and write what is left, in one process."""
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup.minhash import (
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupFilter,
        MinhashDedupSignature,
    )
    from datatrove.pipeline.filters import (
        C4QualityFilter,
        FineWebQualityFilter,
        GopherQualityFilter,
        GopherRepetitionFilter,
    )
    from datatrove.pipeline.formatters import PIIFormatter
    from datatrove.pipeline.readers import JsonlReader, WarcReader
    from datatrove.pipeline.writers import JsonlWriter

    extractor, crawl, out = sys.argv[1:]
    filtered, signatures, buckets, clusters, kept = (
        str(Path(out, name)) for name in ("filtered", "signatures", "buckets", "clusters", "kept")
    )
    steps = [
        [
            WarcReader(crawl, glob_pattern="*.warc.gz"),
            _extractor(extractor),
            GopherRepetitionFilter(),
            GopherQualityFilter(),
            C4QualityFilter(),
            FineWebQualityFilter(),
            JsonlWriter(filtered),
        ],
        [JsonlReader(filtered), MinhashDedupSignature(signatures)],
        [MinhashDedupBuckets(signatures, buckets)],
        [MinhashDedupCluster(buckets, clusters)],
        [JsonlReader(filtered), MinhashDedupFilter(clusters), PIIFormatter(), JsonlWriter(kept)],
    ]
    for number, pipeline in enumerate(steps):
        # The buckets are its unit of work in the third step: one task for each.
        tasks = 14 if number == 2 else 1
        LocalPipelineExecutor(pipeline, tasks=tasks, workers=1, logging_dir=str(Path(out, f"logs-{number}"))).run()


def _extractor(name: str) -> Any:
    from datatrove.pipeline.extractors import Trafilatura
    from datatrove.pipeline.extractors.base import BaseExtractor
    from resiliparse.extract.html2text import extract_plain_text

    class Resiliparse(BaseExtractor):  # type: ignore[misc]
        """With the settings of headrace's recipe."""

        name = "Resiliparse"

        def __init__(self) -> None:
            super().__init__(timeout=PATIENCE)

        def extract(self, text: str) -> str:
            """The main content of a page."""
            return str(extract_plain_text(text, main_content=True, preserve_formatting=True))

    return Trafilatura(timeout=PATIENCE) if name == "trafilatura" else Resiliparse()


if __name__ == "__main__":
    main()
