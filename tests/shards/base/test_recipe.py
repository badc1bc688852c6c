"""Recipes: a mistake is named by file, line, key, and the nearest valid name."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ConfigDict, Field

from headrace.shards.base.errors import PluginError, RecipeError
from headrace.shards.base.overrides import apply_overrides
from headrace.shards.base.recipe import RecipeFile, RecipeModel, RecipePath, build


class Output(RecipeModel):
    format: str = "tar"
    size: Annotated[int, Field(gt=0)] = 1


class Model(RecipeModel):
    name: str
    outputs: tuple[Output, ...] = ()
    output: Output = Output()


@dataclass(frozen=True)
class Part:
    __pydantic_config__ = ConfigDict(extra="forbid")

    file: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Other:
    __pydantic_config__ = ConfigDict(extra="forbid")

    colour: str


@dataclass(frozen=True)
class Whole:
    parts: tuple[Part, ...] = ()
    either: Part | Other | None = None


@dataclass(frozen=True)
class Plugin:
    least: Annotated[int, Field(ge=1)] = 1
    model: RecipePath | None = None

    def __post_init__(self):
        if self.least == 13:
            raise ValueError("13 brings bad luck")


@pytest.fixture
def recipe(tmp_path):
    def write(text, *overrides):
        path = tmp_path / "recipe.yaml"
        path.write_text(text)
        return RecipeFile(path, overrides)

    return write


def complaint(call, *arguments):
    with pytest.raises(RecipeError) as caught:
        call(*arguments)
    return str(caught.value)


def test_a_good_recipe_becomes_a_model(recipe):
    model = recipe("name: a\noutputs:\n  - {size: 2}\n  - {format: x}\n").check(Model)
    assert model == Model(name="a", outputs=(Output(size=2), Output(format="x")))


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("name: a\n\noutptu: {}\n", 3, "'outptu': unknown key. Did you mean 'output'?"),
        ("name: a\noutput:\n  format: x\n  siez: 2\n", 4, "'output.siez': unknown key. Did you mean 'size'?"),
        ("name: a\noutputs:\n  - size: 2\n  - size: 0\n", 4, "'outputs.1.size': wrong value. Found: 0."),
        ("name: a\noutputs:\n  - size: many\n", 3, "'outputs.0.size': wrong value. Found: 'many'."),
        ("output: {}\n", 1, "'name': this key is missing. Add 'name' to the recipe."),
        ("output: {}\nnaem: a\n", 2, "'naem': unknown key. Did you mean 'name'?"),
        ("name: [a]\n", 1, "'name': wrong value"),
    ],
)
def test_a_mistake_is_named_with_its_line(recipe, text, line, said):
    message = complaint(recipe(text).check, Model)
    assert f"recipe.yaml, line {line}, {said}" in message


def test_files_that_are_no_recipes(recipe, tmp_path):
    assert "there is no recipe" in complaint(RecipeFile, tmp_path / "none.yaml")
    assert "line 2 is not YAML" in complaint(recipe, "a: 1\nb: c: d\n")
    assert "is not a recipe. Found: list. Expected: a mapping" in complaint(recipe, "- a\n")
    assert "is not a recipe. Found: an empty file" in complaint(recipe, "")
    assert "is not YAML. Found: month must be" in complaint(recipe, "day: 2024-13-45\n")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    assert "cannot be read" in complaint(RecipeFile, tmp_path / "binary.yaml")
    assert "cannot be read" in complaint(RecipeFile, tmp_path)


def test_a_key_that_stands_twice_is_told(recipe):
    said = complaint(recipe, "name: a\noutputs:\n  - size: 1\n    format: x\n    size: 2\n")
    assert "line 5, 'size': this key stands here a second time. Found: the same key in line 3." in said
    recipe("name: a\noutput: {size: 1}\noutputs:\n  - {size: 1}\n  - {size: 1}\n").check(Model)
    merged = "a: &a {x: 1}\nb: &b {y: 1}\nc:\n  <<: *a\n  <<: *b\n"
    assert recipe(merged).data["c"] == {"x": 1, "y": 1}


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"parts": [{"files": "a"}]}, "'parts.0.files': unknown key. Did you mean 'file'? Known: fields, file"),
        ({"parts": [{"file": "a"}, {}]}, "'parts.1.file': this key is missing"),
        ({"either": {"file": "a", "colr": 1}}, "'either.colr': unknown key. Known: fields, file"),
    ],
)
def test_a_mistake_inside_a_plugins_parameters_is_named(recipe, parameters, said):
    assert said in complaint(build, Whole, parameters, recipe("a: 1\n"), ())


def test_overrides_from_the_command_line_come_before_the_check(recipe):
    model = recipe("name: a\noutput: {size: 1}\n", "output.size=7", "name=b").check(Model)
    assert (model.name, model.output.size) == ("b", 7)
    assert "unknown key" in complaint(recipe("name: a\n", "output.siez=7").check, Model)


@pytest.mark.parametrize(
    ("override", "said"),
    [("name", "sets nothing"), ("name.x=1", "leads nowhere"), ("a=[1", "is not YAML")],
)
def test_an_override_that_cannot_be_applied_says_why(override, said):
    assert said in complaint(apply_overrides, {"name": "a"}, [override])


KEYS = st.sampled_from("abc")


@given(
    data=st.recursive(st.integers(), lambda inner: st.dictionaries(KEYS, inner, max_size=3)).filter(
        lambda data: isinstance(data, dict)
    ),
    path=st.lists(KEYS, min_size=1, max_size=3),
    value=st.integers(),
)
def test_an_override_changes_its_key_and_nothing_else(data, path, value):
    before = repr(data)
    try:
        changed = apply_overrides(data, [f"{'.'.join(path)}={value}"])
    except RecipeError:
        return
    assert repr(data) == before
    inner = changed
    for step in path:
        inner = inner[step]
    assert inner == value
    for key in data:
        if key != path[0]:
            assert changed[key] == data[key]


@pytest.mark.parametrize(
    ("text", "override", "said"),
    [
        ("name: a\n", "output.siez=7", "the override 'output.siez=7': unknown key. Did you mean 'size'?"),
        ("name: a\n", "output={size: 0}", "the override 'output={size: 0}': wrong value. Found: 0."),
        ("name: a\noutputs: [{size: 1}]\n", "outputs.0.size=0", "the override 'outputs.0.size=0': wrong value"),
        ("name: a\noutput: {size: 0}\n", "outputs=[]", "line 2, 'output.size': wrong value"),
    ],
)
def test_a_mistake_of_an_override_is_not_blamed_on_the_file(recipe, text, override, said):
    assert said in complaint(recipe(text, override).check, Model)


def test_an_override_goes_into_a_key_that_is_null(recipe):
    assert recipe("name: a\nextra:\n", "extra.size=3").data == {"name": "a", "extra": {"size": 3}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: a\noutputs: x\n", "Found: 'x'. Expected: a list, such as [x]."),
        ("name: a\noutputs: {size: 1}\n", "Expected: a list, such as [a, b]."),
        ("name: a\noutput: 3\n", "Found: 3. Expected: a mapping with keys of these: format, size."),
        ("name: a\noutput: {size: many}\n", "Expected: a whole number."),
        ("name: a\noutput: {size: 0}\n", "Expected: greater than 0."),
        ("name: 3\n", "Found: 3. Expected: text: in quotes, '3', it is."),
        ("name: [a]\n", "Expected: text."),
    ],
)
def test_what_was_expected_is_said_in_a_recipes_words(recipe, text, said):
    assert said in complaint(recipe(text).check, Model)


def test_a_recipe_for_another_command_is_told_from_its_keys(recipe):
    file = recipe("name: a\ninputs: []\n")
    said = complaint(file.refuse_other, ("inputs", "stages"), "build")
    assert "is a recipe for `headrace build`. Found: the key 'inputs' in line 2." in said
    file.refuse_other(("pretext",), "train")


class Contract(ABC):
    kind: ClassVar[str]
    settled: ClassVar[int] = 1

    @abstractmethod
    def work(self): ...

    @property
    @abstractmethod
    def words(self): ...


@dataclass(frozen=True)
class Unfinished(Contract):
    def work(self): ...


def test_a_plugin_that_lacks_what_its_contract_demands_is_told(recipe):
    with pytest.raises(PluginError, match=r"the plug-in Unfinished lacks .* Found: no kind, no words\."):
        build(Unfinished, {}, recipe("a: 1\n"), ())


def test_a_plugin_is_made_from_its_parameters(recipe, tmp_path):
    file = recipe("stages:\n  - plugin:\n      least: 2\n")
    place = ("stages", 0, "plugin")
    assert build(Plugin, {"least": 2}, file, place) == Plugin(2)
    assert build(Plugin, {"model": "models/a.bin"}, file, place).model == tmp_path.resolve() / "models/a.bin"
    assert build(Plugin, {"model": "/models/a.bin"}, file, place).model == Path("/models/a.bin")


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"leest": 2}, "line 3, 'stages.0.plugin.leest': unknown parameter. Did you mean 'least'? Known: least, model"),
        ({"least": 0}, "line 3, 'stages.0.plugin.least': wrong value. Found: 0. Expected: "),
        ({"least": 13}, "13 brings bad luck"),
    ],
)
def test_a_wrong_parameter_is_named_with_its_line(recipe, parameters, said):
    (name,) = parameters
    file = recipe(f"stages:\n  - plugin:\n      {name}: {parameters[name]}\n")
    assert said in complaint(build, Plugin, parameters, file, ("stages", 0, "plugin"))
