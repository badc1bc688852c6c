import json

import pytest
import torch
from transformers import AutoModel, AutoModelForCausalLM, AutoModelForMaskedLM, AutoTokenizer

from headrace.shards.base.errors import TrainingError
from headrace.trainers.export import export
from headrace.trainers.loop import train
from headrace.trainers.recipe import read_recipe
from headrace.trainers.runs import Run

SIZES = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
MLP = {"intermediate_size": 32}
IMAGES = {"vit": MLP, "dinov2": {"mlp_ratio": 2, "drop_path_rate": 0.2}}
MASKED = {"bert": MLP, "modernbert": {**MLP, "layer_types": ["full_attention"]}}
CAUSAL = {
    "gpt2": {},
    "llama": {**MLP, "tie_word_embeddings": False},
    "mixtral": {**MLP, "num_key_value_heads": 1, "num_local_experts": 3},
}


def trained(recipe, folder):
    train(read_recipe(recipe), folder)
    run = Run.open(folder)
    objective = run.untrained()
    run.checkpoints.restore_model(objective)
    return folder / "export", objective.eval()


@pytest.fixture
def finished(recipe_of, tmp_path):
    def run(pretext, kind, keys):
        return trained(recipe_of(pretext, backbone={"type": kind, **SIZES, **keys}, steps=2), tmp_path / "run")

    return run


@pytest.mark.parametrize("kind", IMAGES)
def test_a_masked_autoencoder_opens_with_equal_outputs(finished, kind):
    folder, objective = finished("mae", kind, IMAGES[kind])
    exported = AutoModel.from_pretrained(folder).eval()
    pixels = torch.randn(2, 1, 8, 8)
    assert torch.equal(exported(pixels).last_hidden_state, objective.backbone(pixels).last_hidden_state)


@pytest.mark.parametrize("kind", ["resnet", "cifar_resnet"])
def test_a_network_of_contrasts_opens_with_equal_outputs_its_running_statistics_included(recipe_of, tmp_path, kind):
    sizes = {"embedding_size": 4, "hidden_sizes": [4, 8], "depths": [1, 1], "layer_type": "basic"}
    recipe = recipe_of("simclr", backbone={"type": kind, **sizes}, steps=2)
    folder, objective = trained(recipe, tmp_path / "run")
    exported = AutoModel.from_pretrained(folder).eval()
    assert exported.embedder.state_dict().keys() == objective.backbone.embedder.state_dict().keys()
    pixels = torch.rand(2, 3, 8, 8)
    assert torch.equal(exported(pixels).pooler_output, objective.backbone(pixels).pooler_output)
    moved = [each for name, each in exported.named_buffers() if name.endswith("running_mean")]
    assert all(each.abs().sum() > 0 for each in moved)


@pytest.mark.parametrize("kind", MASKED)
def test_a_language_model_opens_with_its_head_and_its_tokenizer(finished, kind):
    folder, objective = finished("mlm", kind, MASKED[kind])
    tokenizer = AutoTokenizer.from_pretrained(folder)
    given = tokenizer("the cat [MASK] and climbs", return_tensors="pt", return_token_type_ids=False)
    words = tokenizer.convert_ids_to_tokens(given["input_ids"][0])
    assert (words[0], words[-1]) == (tokenizer.bos_token, tokenizer.eos_token) == ("[CLS]", "[SEP]")
    assert "[MASK]" in words
    exported = AutoModelForMaskedLM.from_pretrained(folder).eval()
    assert torch.equal(exported(**given).logits, objective.backbone(**given).logits)
    states = AutoModel.from_pretrained(folder).eval()(**given).last_hidden_state
    assert torch.equal(states, objective.backbone.base_model(**given).last_hidden_state)


@pytest.mark.parametrize("kind", CAUSAL)
def test_a_causal_language_model_opens_with_its_head_and_goes_on_with_a_text(finished, kind):
    folder, objective = finished("causal_lm", kind, CAUSAL[kind])
    tokenizer = AutoTokenizer.from_pretrained(folder)
    given = tokenizer("the cat purrs", return_tensors="pt", return_token_type_ids=False)
    assert not set(given["input_ids"][0].tolist()) & set(tokenizer.all_special_ids)
    assert tokenizer.bos_token == tokenizer.eos_token == "[SEP]"
    assert tokenizer.eos_token_id == objective.backbone.config.eos_token_id
    exported = AutoModelForCausalLM.from_pretrained(folder).eval()
    tied = exported.lm_head.weight is exported.get_input_embeddings().weight
    assert tied == (kind == "gpt2")
    logits = objective.backbone(input_ids=given["input_ids"]).logits
    assert torch.equal(exported(**given).logits, logits)
    continued = exported.generate(**given, max_new_tokens=1, do_sample=False, pad_token_id=tokenizer.pad_token_id)
    assert continued[0, -1] == logits[0, -1].argmax()
    states = AutoModel.from_pretrained(folder).eval()(**given).last_hidden_state
    assert torch.equal(states, objective.backbone.base_model(**given).last_hidden_state)


@pytest.mark.parametrize(("pretext", "kind"), [("mae", "vit"), ("mlm", "bert"), ("causal_lm", "mixtral")])
def test_a_run_begins_where_the_export_of_another_ended(finished, recipe_of, tmp_path, pretext, kind):
    _, objective = finished(pretext, kind, {**IMAGES, **MASKED, **CAUSAL}[kind])
    backbone = {"type": kind, "pretrained": "run/export"}
    recipe = recipe_of(pretext, backbone=backbone, steps=1)
    begun = Run.of(read_recipe(recipe), tmp_path / "second").untrained()
    weights = objective.backbone.state_dict()
    assert weights.keys() == begun.backbone.state_dict().keys()
    for name, weight in begun.backbone.state_dict().items():
        assert torch.equal(weight, weights[name]), name
    export, ended = trained(recipe, tmp_path / "second")
    # Nothing in the export says where its beginnings were.
    assert str(tmp_path) not in json.dumps([file.read_text() for file in export.glob("*.json")])
    # Where they are gone, the run can be opened nevertheless.
    (tmp_path / "run").rename(tmp_path / "gone")
    run = Run.open(tmp_path / "second", [f"backbone.pretrained={export}"])
    opened = run.untrained()
    assert run.checkpoints.restore_model(opened) == 1
    for name, weight in opened.state_dict().items():
        assert torch.equal(weight, ended.state_dict()[name]), name


def test_when_the_disk_is_full_what_was_exported_before_stays(finished, tmp_path, full_disk):
    folder, objective = finished("mae", "vit", IMAGES["vit"])
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    with full_disk(), pytest.raises(TrainingError, match=r"cannot be written into .*too large.*the same line"):
        export(Run.open(tmp_path / "run"), objective)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    export(Run.open(tmp_path / "run"), objective)
    assert not list(tmp_path.glob("run/*.unfinished"))
