"""From a name to what samples are made for: a pretext, a preset of views, or a training recipe's file."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import TypeAdapter, ValidationError

from headrace.shards.base.errors import PluginError, RecipeError, UsageError
from headrace.shards.base.overrides import apply_overrides
from headrace.shards.base.registry import did_you_mean

from ..data import DataFacts
from ..registries import PRETEXTS
from ..samples.complaints import complaint
from ..samples.masks.presets import PRESETS as MASKS
from ..samples.masks.presets import PatchMask
from ..samples.views.choice import AnyView, preset, views_of
from ..samples.views.context import ContextPrediction
from ..samples.views.own.base import VIEWS as OWN_VIEWS
from ..samples.views.own.base import OwnView
from ..samples.views.presets import PRESETS as VIEWS
from ..samples.views.view import View
from .look import Legend, Order, Subject
from .wording import AREA, BLUR, JITTER, MASKED

_CONTEXT = "context_prediction"


def subject(name: str, url: str, overrides: Sequence[str], order: Mapping[str, int]) -> Subject:
    """What a name stands for, on some shards.

    Args:
        name: A preset's, a pretext's, a view's of one's own, `path/to/file.py:Class` of either, or a recipe's file; a
            pretext that is called as a preset is shown by its recipe.
        url: The shards.
        overrides: `key=value`: of a pretext or a recipe, keys of the recipe; of a preset, parameters of its views.
        order: What is asked for of `Order` otherwise than by default, or by the recipe.

    Raises:
        PluginError: There is no such name, or the pretext cannot be imported.
        RecipeError: The recipe or an override is wrong, or the shards hold something else than is needed.
        UsageError: A parameter of the views or masks is unknown or wrong.
    """
    if name.endswith((".yaml", ".yml")):
        return _of_recipe(Path(name), url, overrides, order)
    known = [_CONTEXT, *VIEWS, *OWN_VIEWS.names()]
    if name in PRETEXTS and name not in VIEWS and not _is_own_view(name):
        # A recipe that says nothing but this name.
        with TemporaryDirectory() as folder:
            recipe = Path(folder, "recipe.yaml")
            recipe.write_text("{}\n", encoding="utf-8")
            return _of_recipe(recipe, url, [f"pretext={json.dumps({name: {}})}", *overrides], order)
    if name not in known and ":" not in name:
        raise PluginError(
            f"there is no pretext, preset of views or view called '{name}'",
            remedy=did_you_mean(name, {*known, *PRETEXTS.names()}),
        )
    images, changes = DataFacts.of(url).image_fields(), apply_overrides({}, overrides)
    return (_of_pairs if name == _CONTEXT else _of_views)(name, images, changes, Order(**order))


def _is_own_view(name: str) -> bool:
    """Whether a plug-in that is named by its place is a view, and no pretext."""
    kind = OWN_VIEWS.load(name) if ":" in name else None
    return isinstance(kind, type) and issubclass(kind, OwnView)


def _of_views(name: str, images: tuple[str, ...], changes: dict[str, Any], order: Order) -> Subject:
    from .views import ViewsOfImages

    mask = _mask(name, changes.pop("masks", {}))
    views = preset(name, **changes) if name in VIEWS else views_of({name: changes})
    return ViewsOfImages(
        order=order,
        legend=_legend(name.rpartition(":")[2], views, mask),
        fields=images if len(images) == 1 else None,
        views=views,
        images=images,
        mask=mask,
    )


def _legend(title: str, views: Sequence[AnyView], mask: PatchMask | None) -> Legend:
    """What must be said of some views once."""
    cut = [view for view in views if isinstance(view, View)]
    jitter = [JITTER] if any(view.color_jitter.p for view in cut) else []
    blur = [BLUR] if any(view.gaussian_blur.p for view in cut) else []
    words = [*([AREA] if cut else []), *jitter, *blur, *([] if mask is None else [MASKED])]
    return Legend(title, [(view.name, _kind(view)) for view in views], words)


def _mask(name: str, asked: Any) -> PatchMask | None:
    """The mask that belongs to a preset of views, or the one that is asked for, with changes."""
    changes = {"preset": asked} if isinstance(asked, str) else asked
    if not isinstance(changes, dict):
        raise UsageError("these are no masks", found=f"masks={asked}", expected=f"one of {', '.join(MASKS)}")
    wanted = changes.pop("preset", name)
    if not changes and wanted == name and name not in MASKS:
        return None
    if wanted not in MASKS:
        raise UsageError(f"there is no preset of masks called '{wanted}'", remedy=did_you_mean(wanted, MASKS))
    base = MASKS[wanted]
    try:
        mask: PatchMask = TypeAdapter(type(base)).validate_python({**asdict(base), **changes})
    except ValidationError as error:
        raise complaint(error, type(base), "no such mask", "this is no mask") from None
    return mask


def _kind(view: AnyView) -> str:
    count = f"{view.count} x " if view.count > 1 else ""
    if not isinstance(view, View):
        return f"{count}{type(view).__name__}"
    low, high = (100 * share for share in view.scale)
    return f"{count}{view.size} px, {low:g} to {high:g}% of the area"


def _of_pairs(name: str, images: tuple[str, ...], changes: dict[str, Any], order: Order) -> Subject:
    from .context import KINDS, PairsOfPatches

    try:
        pairs: ContextPrediction = TypeAdapter(ContextPrediction).validate_python(changes)
    except ValidationError as error:
        raise complaint(error, ContextPrediction, "no pair of patches", "these are no pairs of patches") from None
    return PairsOfPatches(
        order=order,
        legend=Legend(name, KINDS),
        fields=images if len(images) == 1 else None,
        pairs=pairs,
        images=images,
    )


def _of_recipe(path: Path, url: str, overrides: Sequence[str], order: Mapping[str, int]) -> Subject:
    from ..recipe import read_recipe
    from .pretexts import SamplesOfPretext, views_of_pretext

    settings = [f"{key}={value}" for key, value in order.items()]
    recipe = read_recipe(path, [f"data.url={json.dumps(url)}", *settings, *overrides])
    model, data = recipe.model, DataFacts.of(url)
    pretext = recipe.pretext.bind(data)
    (name,) = model.pretext
    return SamplesOfPretext(
        order=Order(model.seed, model.data.lanes, model.data.block, model.batch_size),
        legend=_legend(f"{name.rpartition(':')[2]}, preset {model.preset}", views_of_pretext(pretext), None),
        fields=pretext.fields,
        window=pretext.window,
        pretext=pretext,
        data=data,
        images=_images(data),
    )


def _images(data: DataFacts) -> tuple[str, ...]:
    """The fields that hold images; none where a pretext is of something else."""
    try:
        return data.image_fields()
    except RecipeError:
        return ()
