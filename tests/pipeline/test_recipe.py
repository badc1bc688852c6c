"""Recipes: what they may say, and that a mistake names its file, line, key and the nearest valid name."""

import re

import pytest

from headrace.pipeline.recipe import load_recipe
from headrace.shards.base.errors import PluginError, RecipeError

GOOD = """\
name: manuals
inputs:
  - path: crawl/*.jsonl
    reader: {jsonl: {text: body}}
stages:
  - length: {min_chars: 5}
  - exact_dedup
  - length
  - minhash_dedup: {similarity: 0.7}
output: {format: webdataset, shard_bytes: 1MB, order: input}
max_failed: 0.1
split_bytes: 10 MiB
"""

FILTERS = """\
from headrace.pipeline.extractors.base import Extractor
from headrace.pipeline.filters.base import Drop, record_filter

@record_filter("few")
def few_words(record, least: int = 3):
    return Drop("few") if len(record.text.split()) < least else None

class Upper(Extractor):
    reads = writes = "text"
    def extract(self, batch):
        return batch.column("text"), [None] * batch.num_rows

number = 3
class Thing: ...
"""


@pytest.fixture
def write(tmp_path):
    def write(text):
        (tmp_path / "recipe.yaml").write_text(text)
        (tmp_path / "own.py").write_text(FILTERS)
        return tmp_path / "recipe.yaml"

    return write


def test_a_whole_recipe(write):
    recipe = load_recipe(write(GOOD))
    assert recipe.name == "manuals"
    assert [(stage.kind, stage.label) for stage in recipe.stages] == [
        ("filter", "length"),
        ("dedup", "exact_dedup"),
        ("filter", "length#2"),
        ("dedup", "minhash_dedup"),
    ]
    assert recipe.stages[0].plugin.load().min_chars == 5
    assert recipe.stages[3].plugin.load().similarity == 0.7
    assert recipe.inputs[0][1].load().text == "body"
    assert (recipe.output.shard_bytes, recipe.output.order, recipe.writer.name) == (10**6, "input", "webdataset")
    assert (recipe.max_failed, recipe.split_bytes) == (0.1, 10 * 2**20)


def test_what_a_recipe_may_leave_out(write):
    recipe = load_recipe(write("inputs: [{path: x.jsonl}]"))
    assert (recipe.name, recipe.stages, recipe.output.format) == ("recipe", (), "webdataset")


@pytest.mark.parametrize("name", ["''", "../../x", "a/b", ".hidden", "-rf", "' a'", '"a\\nb"', "a" * 300])
def test_a_name_that_cannot_be_a_folders_is_refused(write, name):
    with pytest.raises(RecipeError, match=r"'name': wrong value.*a name that can be a folder's"):
        load_recipe(write(f"name: {name}\ninputs: [{{path: a.jsonl}}]\n"))


def test_a_list_with_one_language_is_still_a_list(write):
    with pytest.raises(RecipeError, match=r"Found: 'en'. Expected: a list, such as \[en\]"):
        load_recipe(write("inputs: [{path: a.jsonl}]\nstages: [{language: {allow: en}}]\n"))


def test_an_unknown_language_is_answered_with_the_nearest(write):
    with pytest.raises(RecipeError, match=r"unlike 'eng'. Did you mean 'en'"):
        load_recipe(write("inputs: [{path: a.jsonl}]\nstages: [{language: {allow: [eng]}}]\n"))


def test_a_recipe_for_training_is_told(write):
    with pytest.raises(RecipeError, match=r"is a recipe for `headrace train`. Found: the key 'pretext' in line 1"):
        load_recipe(write("pretext: mlm\ndata: {url: shards}\n"))


def test_overrides_from_the_command_line(write):
    recipe = load_recipe(write(GOOD), ["output.shard_bytes=2GB", "name=other", "max_failed=0"])
    assert (recipe.output.shard_bytes, recipe.name, recipe.max_failed) == (2 * 10**9, "other", 0)


def test_stages_from_a_users_file(write):
    stages = "stages: ['own.py:few_words', {'own.py:few_words': {least: 9}}, 'own.py:Upper']"
    recipe = load_recipe(write(f"inputs: [{{path: x.jsonl}}]\n{stages}"))
    assert [(stage.kind, stage.label) for stage in recipe.stages] == [
        ("filter", "own:few_words"),
        ("filter", "own:few_words#2"),
        ("extractor", "own:Upper"),
    ]
    assert recipe.stages[1].plugin.load().least == 9


MISTAKES = [
    # what is replaced by what, on which line the mistake then stands, and what must be said of it
    ("max_failed: 0.1", "max_faild: 0.1", 11, ["max_faild", "Did you mean 'max_failed'?"]),
    ("max_failed: 0.1", "max_failed: 1.1", 11, ["max_failed", "1.1", "less than or equal to 1"]),
    ("- exact_dedup", "- exact_dedupe", 7, ["exact_dedupe", "Did you mean 'exact_dedup'?"]),
    ("min_chars: 5", "min_char: 5", 6, ["min_char", "Did you mean 'min_chars'?"]),
    ("min_chars: 5", "min_chars: five", 6, ["min_chars", "'five'", "a whole number"]),
    ("similarity: 0.7", "similarity: 7", 9, ["similarity", "7", "less than 1"]),
    ("format: webdataset", "format: webdatset", 10, ["webdatset", "Did you mean 'webdataset'?"]),
    ("order: input", "ordr: input", 10, ["ordr", "Did you mean 'order'?"]),
    ("order: input", "order: crawl", 10, ["order", "'crawl'", "'hash' or 'input'"]),
    ("order: input", "resize: {quality: 90}", 10, ["resize", "It is a stage: list it below 'stages'"]),
    ("shard_bytes: 1MB", "shard_bytes: 1 potato", 10, ["shard_bytes", "1 potato", "256MB"]),
    ("reader: {jsonl:", "reader: {jsonll:", 4, ["jsonll", "Did you mean 'jsonl'?"]),
    ("text: body", "txt: body", 4, ["txt", "Did you mean 'text'?"]),
    ("path: crawl", "paht: crawl", 3, ["unknown key", "Did you mean 'path'"]),
    ("- exact_dedup", "- {exact_dedup: {}, length: {}}", 7, ["one name", "exact_dedup, length"]),
    ("- exact_dedup", "- exact_dedup: 5", 7, ["exact_dedup", "{name: {parameter: value}}"]),
    ("name: manuals", "name: [", 3, ["not YAML"]),
]


@pytest.mark.parametrize(("good", "bad", "line", "told"), MISTAKES, ids=[bad for _, bad, _, _ in MISTAKES])
def test_a_mistake_names_its_line_and_what_was_meant(write, good, bad, line, told):
    path = write(GOOD.replace(good, bad))
    with pytest.raises(RecipeError) as raised:
        load_recipe(path)
    message = str(raised.value)
    assert f"{path}, line {line}" in message
    for each in told:
        assert each in message


@pytest.mark.parametrize(
    ("stage", "kind", "told"),
    [
        ("own.py:few_word", PluginError, "Did you mean 'few_words'?"),
        ("own.py:number", PluginError, "is no stage"),
        ("own.py:Thing", PluginError, "is no stage"),
        ("missing.py:few_words", PluginError, "there is no file"),
        ("{'own.py:few_words': {leest: 9}}", RecipeError, "Did you mean 'least'?"),
        ("{'own.py:few_words': {least: many}}", RecipeError, "'many'"),
    ],
)
def test_mistakes_about_a_users_file(write, stage, kind, told):
    with pytest.raises(kind, match=re.escape(told)):
        load_recipe(write(f"inputs: [{{path: x.jsonl}}]\nstages: [{stage!r}]".replace('"', "")))


@pytest.mark.parametrize("text", ["", "- a", "inputs: []", "stages: [length]", "inputs: [{path: 3, reader: []}]"])
def test_what_is_no_recipe(write, text):
    with pytest.raises(RecipeError):
        load_recipe(write(text))


def test_a_missing_recipe(tmp_path):
    with pytest.raises(RecipeError, match="there is no recipe"):
        load_recipe(tmp_path / "recipe.yaml")


@pytest.mark.parametrize(
    ("stages", "output"),
    [
        ("[]", "{format: tokens, tokenizer: {file: missing.json}}"),
        ("[{decontaminate: {benchmarks: [{file: missing.json, fields: [prompt]}]}}]", "{format: webdataset}"),
    ],
)
def test_a_missing_file_is_found_before_anything_runs(write, stages, output):
    path = write(f"inputs: [{{path: x.jsonl}}]\nstages: {stages}\noutput: {output}")
    with pytest.raises(RecipeError, match=rf"there is no file {re.escape(str(path.parent))}/missing\.json"):
        load_recipe(path)


def test_a_typo_deep_in_the_parameters(write):
    path = write("inputs: [{path: x.jsonl}]\noutput:\n  format: tokens\n  tokenizer: {train: {vocab_sise: 900}}")
    with pytest.raises(RecipeError, match=r"line 4.*vocab_sise.*unknown"):
        load_recipe(path)
