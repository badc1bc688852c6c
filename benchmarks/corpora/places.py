"""Where things lie in a corpus folder."""

from dataclasses import dataclass
from pathlib import Path

CORPUS = Path.home() / ".cache" / "headrace" / "corpus"


@dataclass(frozen=True)
class Places:
    """The parts of a corpus folder."""

    root: Path

    @property
    def packages(self) -> Path:
        """The unpacked packages, each named after its source."""
        return self.root / "packages"

    @property
    def documents(self) -> Path:
        """The texts, one JSONL file per language."""
        return self.root / "documents"

    @property
    def crawl(self) -> Path:
        """The gzipped WARC files of a crawl."""
        return self.root / "crawl"

    @property
    def photos(self) -> Path:
        """Photographs as JPEG files, a folder for each size."""
        return self.root / "photos"

    @property
    def cifar(self) -> Path:
        """Pictures of 32 x 32 pixels as PNG files."""
        return self.root / "cifar"

    @property
    def labelled_cifar(self) -> Path:
        """All of CIFAR-10 as an archive of PNG files, a folder for each class."""
        return self.root / "cifar10.zip"

    @property
    def labelled_fashion(self) -> Path:
        """All of Fashion-MNIST in the same way."""
        return self.root / "fashion_mnist.zip"

    @property
    def passages(self) -> Path:
        """Passages of English manuals, in JSONL files to train, to tune and to test on."""
        return self.root / "passages"
