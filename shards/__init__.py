"""Shards: the format and the stream.

    from headrace.shards import Stream

    stream = Stream("data/manuals", window=128, seed=1)
    for batch in stream.loader(256, num_workers=2): ...

256 is the batch over all ranks; `Stream`'s own docstring says the rest.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .base.errors import CorruptSampleError, HeadraceError
    from .cache.settings import Cache
    from .format.manifest import Manifest
    from .format.patience import Patience
    from .stream.audit.consumption import ConsumptionLog
    from .stream.parts import Part
    from .stream.sources.codecs import AUDIO, CODECS, ENCODED_IMAGES
    from .stream.sources.replacement import DamagedRowsError
    from .stream.sources.transforms import BatchTransform
    from .stream.stream import Stream

__all__ = [
    "AUDIO",
    "CODECS",
    "ENCODED_IMAGES",
    "BatchTransform",
    "Cache",
    "ConsumptionLog",
    "CorruptSampleError",
    "DamagedRowsError",
    "HeadraceError",
    "Manifest",
    "Part",
    "Patience",
    "Stream",
]

_HOMES = {
    "AUDIO": ".stream.sources.codecs",
    "CODECS": ".stream.sources.codecs",
    "ENCODED_IMAGES": ".stream.sources.codecs",
    "BatchTransform": ".stream.sources.transforms",
    "Cache": ".cache.settings",
    "ConsumptionLog": ".stream.audit.consumption",
    "CorruptSampleError": ".base.errors",
    "DamagedRowsError": ".stream.sources.replacement",
    "HeadraceError": ".base.errors",
    "Manifest": ".format.manifest",
    "Patience": ".format.patience",
    "Part": ".stream.parts",
    "Stream": ".stream.stream",
}


def __getattr__(name: str) -> Any:
    # Imported when asked for: the command line lives in this package, and its help must not wait for numpy.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
