"""The command line: fetch packages, extract documents, crawl; whatever is there already is left as it is."""

import argparse
from pathlib import Path

from . import __doc__ as description
from .crawl import crawl
from .documents import write_documents
from .manuals import CRAWLED, MANUALS
from .packages import fetch
from .places import CORPUS, Places


def main() -> None:
    """Make what is missing."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=CORPUS, metavar="DIR", help="default: ~/.cache/headrace/corpus")
    places = Places(parser.parse_args().corpus)
    fetch(MANUALS, places.packages)
    if not places.documents.is_dir():
        write_documents(MANUALS, places.packages, places.documents)
    crawl(CRAWLED, places.packages, places.crawl)


if __name__ == "__main__":
    main()
