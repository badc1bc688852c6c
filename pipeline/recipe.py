"""The build recipe: inputs, an ordered list of stages, an output.

name: manuals
inputs:
  - path: crawl/*.warc.gz          # a file, a glob or a folder; relative to the recipe, or any fsspec URL
    source: manuals                # what the ledger calls it; default: the recipe's name
    reader: warc                   # default: by the file's name; {warc: {parameters}} sets parameters
stages:                            # in order; a name, or {name: {parameters}}
  - resiliparse
  - gopher_quality: {min_words: 50}
  - exact_dedup
output: {format: webdataset, shard_bytes: 256MB}
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from headrace.shards.base.errors import PluginError, RecipeError
from headrace.shards.base.recipe import Location, RecipeFile, RecipeModel
from headrace.shards.base.registry import Registry, did_you_mean

from .dedup.base import DEDUPS, Dedup
from .extractors.base import EXTRACTORS, Extractor
from .filters.base import FILTERS, Filter, RuleFilter
from .outputs.base import OUTPUTS
from .plugin import PluginSpec
from .readers.base import READERS
from .sizes import Bytes

StageKind = Literal["extractor", "filter", "dedup"]


def _check_entry(value: Any) -> Any:
    parameters = value.values() if isinstance(value, dict) else ()
    if isinstance(value, str | dict) and all(each is None or isinstance(each, dict) for each in parameters):
        return value
    raise ValueError("a name, or {name: {parameter: value}}")


PluginEntry = Annotated[str | dict[str, dict[str, Any] | None], "name or mapping", BeforeValidator(_check_entry)]


def _folder_name(name: str) -> str:
    if not name.strip() or name != name.strip() or name.startswith((".", "-")):
        raise ValueError("a name that can be a folder's, beginning with a letter or digit, such as manuals")
    if any(each in "/\\" or not each.isprintable() for each in name) or len(name.encode()) > LONGEST_NAME:
        raise ValueError(f"a name that can be a folder's: no slash, at most {LONGEST_NAME} bytes, such as manuals")
    return name


LONGEST_NAME = 200
FolderName = Annotated[str, AfterValidator(_folder_name)]


class InputModel(RecipeModel):
    """One entry of `inputs`."""

    path: str
    """A file, a glob or a folder, relative to the recipe, or any fsspec URL."""
    source: str = ""
    """What the ledger calls it; empty: the recipe's name."""
    reader: PluginEntry | None = None
    """A reader's name, or {name: {parameter: value}}; null: by the file's name."""
    identity: Literal["stat", "content"] = "stat"
    """How a changed file is noticed: by size and modification time (or etag), or by its SHA-256."""


class BuildModel(RecipeModel):
    """A whole recipe as it stands in the file."""

    name: FolderName | None = None
    """What the build is called, and its folder where no --out is given; null: as the recipe's file."""
    inputs: Annotated[list[InputModel], Field(min_length=1)]
    """What is read."""
    stages: tuple[PluginEntry, ...] = ()
    """Extractors, filters and dedups in order: each a name, or {name: {parameter: value}}."""
    output: dict[str, Any] = Field(default={"format": "webdataset"})
    """The format, with its parameters."""
    max_failed: Annotated[float, Field(ge=0, le=1)] = 0.05
    """The share of records that may fail before the build stops."""

    split_bytes: Bytes = 128_000_000
    """Inputs are read in pieces of about this size, one task each."""


class OutputModel(RecipeModel):
    """What every output format has; further keys are the format's own parameters."""

    format: str = "webdataset"
    """The name of an output format."""
    shard_bytes: Bytes = 256_000_000
    """How large a shard gets, about: 256MB, 1GiB, or a number of bytes."""
    order: Literal["hash", "input"] = "hash"
    """`hash`: shards are well mixed on disk; `input`: the crawl's order."""


@dataclass(frozen=True)
class Stage:
    """One stage of a recipe: what kind it is, its label in the ledger, and its plug-in."""

    kind: StageKind
    label: str
    plugin: PluginSpec

    def measuring(self) -> "Stage":
        """The stage as far as it shapes what is measured: the bounds of its rules are at their defaults."""
        plugin = self.plugin.load()
        return replace(self, plugin=self.plugin.without(plugin.bounds)) if isinstance(plugin, RuleFilter) else self


@dataclass(frozen=True)
class Recipe:
    """A recipe whose every name was found and whose every parameter is valid."""

    path: Path
    name: str
    inputs: tuple[tuple[InputModel, PluginSpec | None], ...]
    stages: tuple[Stage, ...]
    output: OutputModel
    writer: PluginSpec
    max_failed: float
    split_bytes: int
    document: Mapping[str, Any]
    """The recipe as it was read, overrides applied; for the manifest."""

    def load_plugins(self) -> None:
        """Import and make every stage, in the form that scores: what a worker needs before its first task."""
        for stage in self.stages:
            stage.measuring().plugin.load()


_KINDS: tuple[tuple[StageKind, type, Registry], ...] = (
    ("extractor", Extractor, EXTRACTORS),
    ("filter", Filter, FILTERS),
    ("dedup", Dedup, DEDUPS),
)


def load_recipe(path: Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read and check a recipe.

    Raises:
        RecipeError: A key, name or parameter is wrong; says file, line, key, and the nearest valid one.
    """
    file = RecipeFile(path, overrides)
    file.refuse_other(("pretext",), "train")
    model = file.check(BuildModel)
    inputs = tuple(
        (entry, None if entry.reader is None else _plugin(entry.reader, READERS, file, ("inputs", index, "reader")))
        for index, entry in enumerate(model.inputs)
    )
    output, writer = _output(model.output, file)
    return Recipe(
        path=path,
        name=model.name or path.stem,
        inputs=inputs,
        stages=_stages(model.stages, file),
        output=output,
        writer=writer,
        max_failed=model.max_failed,
        split_bytes=model.split_bytes,
        document=file.data,
    )


def _stages(entries: Sequence[PluginEntry], file: RecipeFile) -> tuple[Stage, ...]:
    stages: list[Stage] = []
    for index, entry in enumerate(entries):
        name, _ = _name_and_parameters(entry, file, ("stages", index))
        kind, registry = _kind(name, file, ("stages", index))
        plugin = _plugin(entry, registry, file, ("stages", index))
        place, colon, attribute = name.rpartition(":")
        label = f"{place.removesuffix('.py').rpartition('/')[2]}{colon}{attribute}"
        count = sum(stage.label.partition("#")[0] == label for stage in stages)
        stages.append(Stage(kind, f"{label}#{count + 1}" if count else label, plugin))
    return tuple(stages)


def _kind(name: str, file: RecipeFile, place: Location) -> tuple[StageKind, Registry]:
    """What kind of stage a name is, and where it is looked up."""
    if ":" in name:
        found = FILTERS.load(name, file.folder)
        for kind, base, registry in _KINDS:
            if isinstance(found, type) and issubclass(found, base):
                return kind, registry
        raise PluginError(
            f"{file.place(place)}: '{name}' is no stage",
            found=found.__name__ if isinstance(found, type) else type(found).__name__,
            expected="a subclass of Filter, Extractor or Dedup, or a function under @record_filter(...)",
        )
    for kind, _, registry in _KINDS:
        if name in registry:
            return kind, registry
    known = [each for _, _, registry in _KINDS for each in registry.names()]
    raise RecipeError(f"{file.place(place)}: there is no stage called '{name}'", remedy=did_you_mean(name, known))


def _output(data: Mapping[str, Any], file: RecipeFile) -> tuple[OutputModel, PluginSpec]:
    """Split the output's keys into the common ones and the format's own."""
    common = {key: value for key, value in data.items() if key in OutputModel.model_fields}
    own = {key: value for key, value in data.items() if key not in common}
    model = file.check_part(OutputModel, common, ("output",))
    if model.format in OUTPUTS:
        known = [*OutputModel.model_fields, *(each.name for each in fields(OUTPUTS.load(model.format)))]
        for name in own.keys() - set(known):
            is_stage = any(name in registry for _, _, registry in _KINDS)
            remedy = "It is a stage: list it below 'stages'" if is_stage else did_you_mean(name, known)
            raise RecipeError(f"{file.place(('output', name))}: unknown key", remedy=remedy)
    return model, PluginSpec.check(OUTPUTS, model.format, own, file, ("output",))


def _plugin(entry: PluginEntry, registry: Registry, file: RecipeFile, place: Location) -> PluginSpec:
    name, parameters = _name_and_parameters(entry, file, place)
    return PluginSpec.check(registry, name, parameters, file, place if isinstance(entry, str) else (*place, name))


def _name_and_parameters(entry: PluginEntry, file: RecipeFile, place: Location) -> tuple[str, Mapping[str, Any]]:
    if isinstance(entry, str):
        return entry, {}
    if len(entry) != 1:
        raise RecipeError(
            f"{file.place(place)}: an entry holds one name",
            found=", ".join(entry) or "nothing",
            expected="a name, or {name: {parameter: value}}",
            remedy="Start a new '- ' line for each",
        )
    ((name, parameters),) = entry.items()
    return name, parameters or {}
