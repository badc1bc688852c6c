"""Views of an image: everything random of them is drawn first, as data; the pixels are a pure function of that.

    from headrace.trainers.samples.views import ImageViews

`view` and `presets` say what may be drawn, `planner` draws it, `decode` and `render` make pixels of it, and
`image_views` does all that for a stream. `device` renders whole batches where the network is.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .choice import preset
    from .deferred import DeferredViews
    from .image_views import ImageViews
    from .own.albumentations import Albumentations
    from .own.base import OwnView
    from .view import ColorJitter, GaussianBlur, RandomSolarize, View

__all__ = [
    "Albumentations",
    "ColorJitter",
    "DeferredViews",
    "GaussianBlur",
    "ImageViews",
    "OwnView",
    "RandomSolarize",
    "View",
    "preset",
]

_HOMES = {
    "Albumentations": ".own.albumentations",
    "ColorJitter": ".view",
    "DeferredViews": ".deferred",
    "GaussianBlur": ".view",
    "ImageViews": ".image_views",
    "OwnView": ".own.base",
    "RandomSolarize": ".view",
    "View": ".view",
    "preset": ".choice",
}


def __getattr__(name: str) -> Any:
    # Imported when asked for: workers that only render have no need of torch, and few have Albumentations.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
