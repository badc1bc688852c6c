import math
from pathlib import Path

import pytest
import yaml

from headrace.shards.base.errors import PluginError, RecipeError
from headrace.trainers.evals.methods.knn import Knn
from headrace.trainers.optimizers import LarsRecipe
from headrace.trainers.pretext.base import Objective
from headrace.trainers.recipe import merged, read_recipe
from headrace.trainers.registries import PRETEXTS
from headrace.trainers.schedules import WsdRecipe


@pytest.fixture
def written(tmp_path):
    def write(text: str) -> Path:
        path = tmp_path / "recipe.yaml"
        path.write_text(text)
        return path

    return write


def test_three_lines_are_a_recipe(written):
    recipe = read_recipe(written("pretext: mae\ndata: {url: shards/x}\n"))
    assert recipe.model.preset == "small"
    assert recipe.pretext.size == 28
    assert recipe.model.optimizer.betas == (0.9, 0.95)


@pytest.mark.parametrize("pretext", PRETEXTS.names())
@pytest.mark.parametrize("preset", ["small", "paper"])
def test_every_preset_is_a_recipe(written, pretext, preset):
    read_recipe(written(f"pretext: {pretext}\npreset: {preset}\ndata: {{url: x}}\n"))


def test_the_papers_numbers(written):
    mae = read_recipe(written("pretext: mae\npreset: paper\ndata: {url: x}\n")).model
    assert mae.optimizer.peak(mae.batch_size) == pytest.approx(2.4e-3)
    epoch = 1_281_167 / 4096
    assert (mae.steps, mae.schedule.warmup) == (math.ceil(800 * epoch), math.ceil(40 * epoch))
    mlm = read_recipe(written("pretext: mlm\npreset: paper\ndata: {url: x}\n"))
    assert (mlm.model.batch_size, mlm.model.steps, mlm.pretext.cap) == (256, 1_000_000, 20)


def test_the_command_line_goes_over_the_file_and_the_file_over_the_preset(written):
    path = written("pretext: {mae: {masked: 0.6, patch: 7}}\ndata: {url: x}\nsteps: 7\noptimizer: {lr: 1.0e-3}\n")
    recipe = read_recipe(path, ["optimizer.lr=0.5", "pretext.mae.masked=0.5"])
    assert (recipe.model.steps, recipe.model.optimizer.lr, recipe.model.optimizer.weight_decay) == (7, 0.5, 0.05)
    assert (recipe.pretext.masked, recipe.pretext.patch, recipe.pretext.size) == (0.5, 7, 28)


def test_a_checkpoint_to_begin_with_takes_the_place_of_the_presets_network(written, tmp_path, monkeypatch):
    (tmp_path / "old").mkdir()
    monkeypatch.chdir(tmp_path / "old")
    path = written("pretext: mlm\ndata: {url: x}\nbackbone: {type: bert, pretrained: ../runs/one/export}\n")
    recipe = read_recipe(path)
    assert (recipe.model.backbone.type, recipe.model.backbone.configuration) == ("bert", {})
    place = path.parent.parent / "runs/one/export"
    assert recipe.model.backbone.pretrained == str(place)
    path.write_text(recipe.dump())
    assert read_recipe(path) == recipe
    # A name without a dot before it is a folder where there is one, and else a name at Hugging Face.
    (path.parent / "org" / "model").mkdir(parents=True)
    for name, wanted in (("org/model", str(path.parent / "org/model")), ("org/other", "org/other")):
        path.write_text(f"pretext: mlm\ndata: {{url: x}}\nbackbone: {{type: bert, pretrained: {name}}}\n")
        assert read_recipe(path).model.backbone.pretrained == wanted
    assert read_recipe(path, ["backbone.pretrained=./mine"]).model.backbone.pretrained == str(tmp_path / "old/mine")


def test_a_checkpoint_says_itself_of_which_type_it_is(written, tmp_path):
    (tmp_path / "run/export").mkdir(parents=True)
    config = tmp_path / "run/export/config.json"
    config.write_text('{"model_type": "cifar_resnet", "hidden_sizes": [4]}')
    path = written("pretext: simclr\ndata: {url: x}\nbackbone: {pretrained: run/export}\n")
    recipe = read_recipe(path)
    network = recipe.model.backbone
    assert (network.type, network.configuration, network.pretrained) == ("cifar_resnet", {}, str(config.parent))
    # A run that is continued does not need it any more.
    (tmp_path / "written.yaml").write_text(recipe.dump())
    assert read_recipe(written("pretext: simclr\ndata: {url: x}\n"), [f"backbone.pretrained={config.parent}"]) == recipe
    path = written("pretext: simclr\ndata: {url: x}\nbackbone: {pretrained: ./run}\n")
    with pytest.raises(RecipeError, match=r"cannot be opened.*It looks like a run: take .*run/export"):
        read_recipe(path)
    config.write_text('{"hidden_sizes": [4]}')
    with pytest.raises(RecipeError, match=r"does not say of which type.*Name it as backbone\.type"):
        read_recipe(path, [f"backbone.pretrained={config.parent}"])
    config.unlink()
    assert read_recipe(tmp_path / "written.yaml") == recipe


def test_parameters_can_be_set_where_the_file_only_names_the_pretext(written):
    path = written("pretext: mae\ndata: {url: x}\nevals: [knn]\n")
    assert read_recipe(path, ["pretext.mae.masked=0.5"]).pretext.masked == 0.5
    assert read_recipe(path, ["pretext=mlm"]).pretext.length == 64


def test_a_network_of_another_type_takes_nothing_from_the_preset(written):
    path = written("pretext: mlm\ndata: {url: x}\nbackbone: {type: bert, hidden_size: 64}\n")
    assert read_recipe(path).model.backbone.configuration == {"hidden_size": 64}


def test_merging_replaces_lists_and_other_kinds_and_merges_the_rest():
    base = {"a": {"x": 1, "y": [1, 2]}, "b": {"name": "p", "q": 1}, "c": 1}
    over = {"a": {"y": [3]}, "b": {"name": "z"}, "d": 2}
    assert merged(base, over) == {"a": {"x": 1, "y": [3]}, "b": {"name": "z"}, "c": 1, "d": 2}
    assert base["a"] == {"x": 1, "y": [1, 2]}


def test_paths_are_relative_to_the_recipe(written, tmp_path):
    recipe = read_recipe(written("pretext: mae\ndata: {url: ../shards}\n"))
    assert recipe.model.data.url == str((tmp_path / "../shards").resolve())
    recipe = read_recipe(written("pretext: mae\ndata: {url: 's3://bucket/shards'}\n"))
    assert recipe.model.data.url == "s3://bucket/shards"
    text = "pretext: mae\ndata: {url: 's3://bucket/shards', cache: {folder: ../kept, limit: 5 GB}}\n"
    cache = read_recipe(written(text)).model.data.cache
    assert (cache.folder, cache.limit) == (str((tmp_path / "../kept").resolve()), "5 GB")


def test_paths_on_the_command_line_are_relative_to_the_working_directory(written, tmp_path, monkeypatch):
    path = written("pretext: mae\ndata: {url: here}\nprobe: {label: {field: a}, test_url: here}\n")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine.py").write_text("from headrace.trainers.pretext.mae import Mae\nclass Mine(Mae):\n    pass\n")
    monkeypatch.chdir(elsewhere)
    model = read_recipe(path, ["probe.test_url=there", "pretext=mine.py:Mine"]).model
    assert (model.data.url, model.probe.test_url) == (str(tmp_path / "here"), str(elsewhere / "there"))
    assert list(model.pretext) == [f"{elsewhere}/mine.py:Mine"]


def test_evaluations_are_made_with_their_parameters(written):
    recipe = read_recipe(written("pretext: mae\ndata: {url: x}\nevals: [linear_probe, knn: {k: 3}]\n"))
    assert recipe.evals["knn k=3"] == Knn(k=(3,))
    assert list(recipe.evals) == ["linear_probe", "knn k=3"]
    assert read_recipe(written("pretext: mae\ndata: {url: x}\nevals: knn\n")).evals == {"knn": Knn()}


def test_places_of_evaluations_are_read_from_the_recipes_folder_and_told_by_their_last_part(written, tmp_path):
    (tmp_path / "mine.py").write_text(PLACED)
    entry = "mine.py:Placed: {file: here/a.jsonl, train_file: 's3://x/b.jsonl', k: 1}"
    recipe = read_recipe(written(f"pretext: mae\ndata: {{url: x}}\nevals: [{entry}]\n"))
    ((spelt, found),) = recipe.evals.items()
    assert spelt == "Placed file=a.jsonl train_file=b.jsonl k=1"
    assert (found.file, found.train_file) == (str(tmp_path / "here/a.jsonl"), "s3://x/b.jsonl")


def test_one_evaluation_with_several_parameters(written):
    recipe = read_recipe(written("pretext: mae\ndata: {url: x}\nevals: [knn: {k: 3}, knn: {k: 20}]\n"))
    assert recipe.evals == {"knn k=3": Knn(k=(3,)), "knn k=20": Knn(k=(20,))}


def test_a_dumped_recipe_is_the_same_from_any_folder(written, tmp_path):
    recipe = read_recipe(written("pretext: mae\ndata: {url: x}\nevals: [knn]\nprobe: {label: {field: label}}\n"))
    other = tmp_path / "elsewhere" / "recipe.yaml"
    other.parent.mkdir()
    other.write_text(recipe.dump())
    assert read_recipe(other) == recipe


PLACED = """
from dataclasses import dataclass
from headrace.trainers.evals.base import FeatureEvaluation

@dataclass(frozen=True, kw_only=True)
class Placed(FeatureEvaluation):
    file: str
    train_file: str
    k: int

    def predict(self, train, features):
        raise NotImplementedError
"""
VIEWED = """
from dataclasses import dataclass
from headrace.trainers.pretext.mae import Mae
from headrace.trainers.samples.views.choice import Views
from headrace.trainers.samples.views.own.base import OwnView

@dataclass(frozen=True, kw_only=True)
class Viewed(Mae):
    seen: Views

@dataclass(frozen=True, kw_only=True)
class Whole(OwnView):
    def __call__(self, pixels, rng):
        return pixels
"""


def test_files_in_a_pretexts_parameters_are_found_from_any_folder(written, tmp_path):
    (tmp_path / "mine.py").write_text(VIEWED)
    recipe = read_recipe(
        written(
            "pretext: {'mine.py:Viewed': {seen: [byol, mine.py:Whole, mine.py:Whole: {name: two}]}}\ndata: {url: x}\n"
        )
    )
    assert [view.name for view in recipe.pretext.seen] == ["view_1", "view_2", "view", "two"]
    other = tmp_path / "elsewhere" / "recipe.yaml"
    other.parent.mkdir()
    other.write_text(recipe.dump())
    assert read_recipe(other) == recipe


def test_a_pretext_in_a_file_of_the_users_own(written, tmp_path):
    (tmp_path / "mine.py").write_text("from headrace.trainers.pretext.mae import Mae\nclass Mine(Mae):\n    pass\n")
    recipe = read_recipe(written("pretext: {'mine.py:Mine': {masked: 0.5}}\ndata: {url: x}\n"))
    assert type(recipe.pretext).__name__ == "Mine"
    assert recipe.pretext.masked == 0.5
    assert yaml.safe_load(recipe.dump())["pretext"].keys() == {f"{tmp_path}/mine.py:Mine"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pretext: mae\ndata: {url: x}\nbatchsize: 3\n", "line 3, 'batchsize': unknown key.*'batch_size'"),
        ("pretext: mae\ndata: {url: x}\nsteps: many\n", "line 3, 'steps': wrong value. Found: 'many'"),
        (
            "pretext: {mae: {maskd: 0.5}}\ndata: {url: x}\n",
            "'pretext.mae.maskd': unknown parameter.*'masked'",
        ),
        ("pretext: mae\npreset: papr\ndata: {url: x}\n", "line 2, 'preset'.*Did you mean 'paper'"),
        ("pretext: mae\n", "'data': this key is missing"),
        ("data: {url: x}\n", "one pretext is needed"),
        ("pretext: {mae: {}, masked: 0.5}\ndata: {url: x}\n", r"beside .*'mae'.*Expected: pretext.mae.masked"),
        ("pretext: mae\ndata: {url: x}\nkeep_best: loss\n", r"'keep_best'.*Expected: a mapping, such as {key: value}"),
        (
            "pretext: mae\ndata: {url: x}\noptimizer:\n  name: sdg\n",
            "line 4, 'optimizer.name'.*mean 'sgd'. Known: adamw",
        ),
        ("pretext: mae\ndata: {url: x}\noptimizer:\n  name: sgd\n  momentun: 0\n", "line 5, 'optimizer.momentun'.*m'"),
        (
            "pretext: mae\ndata: {url: x}\noptimizer: {name: lars, eps: 1}\n",
            "'optimizer.eps': unknown key. Known: clip",
        ),
        ("pretext: mae\ndata: {url: x}\noptimizer: {lr_scaling: sqrt}\n", "Expected: lr_batch, the batch for which"),
        ("pretext: mae\ndata: {url: x}\nschedule: {name: wds}\n", "'schedule.name'.*Did you mean 'wsd'"),
        ("pretext: mae\ndata: {url: x}\nschedule:\n  name: wsd\n  decay: 2\n", "line 5, 'schedule.decay': wrong"),
        ("pretext: mae\ndata: {url: x}\nevals: [kn]\n", "no evaluation 'kn'. Did you mean 'knn'"),
        ("pretext: mae\ndata: {url: x}\nprobe: {label: {field: a, pattern: '('}}\n", "a regular expression"),
    ],
)
def test_mistakes_are_named_with_their_place(written, text, message):
    with pytest.raises(RecipeError, match=message):
        read_recipe(written(text))


@pytest.mark.parametrize("pretext", PRETEXTS.names())
def test_presets_name_what_they_choose_so_that_it_can_be_named_again_without_losing_the_rest(pretext):
    for preset in PRETEXTS.load(pretext).recipes.values():
        assert all("name" in preset.get(part, {"name": ""}) for part in ("optimizer", "schedule"))


def test_another_optimizer_takes_nothing_from_that_of_the_preset(written):
    path = written("pretext: mae\ndata: {url: x}\n")
    assert read_recipe(path, ["optimizer.name=adamw", "optimizer.lr=1"]).model.optimizer.betas == (0.9, 0.95)
    other = read_recipe(path, ["optimizer.name=lars", "schedule.name=wsd"])
    assert (other.model.optimizer, other.model.schedule) == (LarsRecipe(), WsdRecipe())
    path.write_text(other.dump())
    assert read_recipe(path).model == other.model


def test_a_recipe_for_a_build_is_told(written):
    with pytest.raises(RecipeError, match=r"is a recipe for `headrace build`. Found: the key 'stages' in line 1"):
        read_recipe(written("stages: [resiliparse]"))


def test_a_mistake_of_an_override_is_not_blamed_on_the_file(written):
    path = written("pretext: mlm\ndata: {url: shards}\nprobe:\n")
    with pytest.raises(RecipeError, match=r"the override 'optimizer.lr=fast': wrong value.*Expected: a number"):
        read_recipe(path, ["optimizer.lr=fast"])
    with pytest.raises(RecipeError, match=r"the override 'pretext.mlm.lenght=8': unknown parameter"):
        read_recipe(path, ["pretext.mlm.lenght=8"])
    with pytest.raises(RecipeError, match=r"'probe.label=x': wrong value.*mapping with keys of these: field, pattern"):
        read_recipe(path, ["probe.label=x"])
    assert read_recipe(path, ["probe.label.field=x"]).model.probe.label.field == "x"


MINE = """
from dataclasses import dataclass
from headrace.trainers.evals.base import FeatureEvaluation

@dataclass(frozen=True)
class First(FeatureEvaluation):
    nth: int = 0
    def predict(self, train, features):
        return features[:, self.nth] * 0 + train.labels[0]

@dataclass(frozen=True)
class Nothing(FeatureEvaluation):
    pass
"""


def test_an_evaluation_in_a_file_of_the_users_own(written, tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    recipe = read_recipe(written("pretext: mae\ndata: {url: x}\nevals: [{'mine.py:First': {nth: 2}}]\n"))
    assert recipe.evals["First nth=2"].nth == 2
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "recipe.yaml").write_text(recipe.dump())
    assert read_recipe(tmp_path / "elsewhere" / "recipe.yaml").evals.keys() == recipe.evals.keys()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pretext: mae\nevals: ['mine.py:Nothing']", "Nothing lacks .* Found: no predict"),
        (
            "pretext: mae\nevals: ['mine.py:dataclass']",
            "is no evaluation. Found: function",
        ),
        ("pretext: mine.py:First", "is no pretext. Found: First. Expected: a subclass of Pretext"),
    ],
)
def test_a_plugin_of_another_kind_is_told(written, tmp_path, text, said):
    (tmp_path / "mine.py").write_text(MINE)
    with pytest.raises(PluginError, match=said):
        read_recipe(written(f"{text}\ndata: {{url: x}}\n"))


HALF = """
from dataclasses import dataclass
from headrace.trainers.pretext.base import Pretext

@dataclass(frozen=True, kw_only=True)
class Half(Pretext):
    recipes = {"small": {}}
    def sample(self, record, rng): ...
    def objective(self, backbone): ...
"""


def test_a_pretext_that_lacks_a_part_of_its_contract_is_told(written, tmp_path):
    (tmp_path / "half.py").write_text(HALF)
    path = written("pretext: half.py:Half\ndata: {url: shards}\n")
    with pytest.raises(PluginError, match=r"Half lacks .* Found: no network, no plain_views. Exp.*Pretext"):
        read_recipe(path)


def test_an_objective_that_lacks_a_part_of_its_contract_is_told():
    class Lossless(Objective):
        def targets(self, batch): ...

    with pytest.raises(PluginError, match=r"Lossless lacks .* Found: no features, no loss"):
        Lossless()


def test_a_pretext_that_does_not_exist(written):
    with pytest.raises(PluginError, match=r"no pretext called 'mea'\. Did you mean 'mae'"):
        read_recipe(written("pretext: mea\ndata: {url: x}\n"))
