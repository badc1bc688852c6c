import pytest
import torch
from transformers import AutoModel, AutoModelForCausalLM, AutoModelForMaskedLM, AutoTokenizer

from headrace.trainers.loop import train
from headrace.trainers.recipe import read_recipe
from headrace.trainers.runs import Run


@pytest.fixture
def finished(recipe_of, tmp_path):
    def run(pretext):
        train(read_recipe(recipe_of(pretext)), tmp_path / "run")
        opened = Run.open(tmp_path / "run")
        objective = opened.untrained()
        opened.checkpoints.restore_model(objective)
        return tmp_path / "run" / "export", objective.eval()

    return run


def test_a_vision_encoder_opens_with_equal_outputs(finished):
    folder, objective = finished("mae")
    exported = AutoModel.from_pretrained(folder, add_pooling_layer=False).eval()
    pixels = torch.randn(2, 1, 8, 8)
    assert torch.equal(exported(pixels).last_hidden_state, objective.backbone(pixels).last_hidden_state)


def test_a_language_model_opens_with_its_head_and_its_tokenizer(finished):
    folder, objective = finished("mlm")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    given = tokenizer("the cat [MASK] and climbs", return_tensors="pt")
    words = tokenizer.convert_ids_to_tokens(given["input_ids"][0])
    assert (words[0], words[-1]) == ("[CLS]", "[SEP]")
    assert "[MASK]" in words
    exported = AutoModelForMaskedLM.from_pretrained(folder).eval()
    assert torch.equal(exported(**given).logits, objective.backbone(**given).logits)
    assert torch.equal(
        AutoModel.from_pretrained(folder, add_pooling_layer=False).eval()(**given).last_hidden_state,
        objective.backbone.base_model(**given).last_hidden_state,
    )


def test_a_causal_language_model_opens_with_its_head_and_goes_on_with_a_text(finished):
    folder, objective = finished("causal_lm")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    given = tokenizer("the cat purrs", return_tensors="pt")
    assert not set(given["input_ids"][0].tolist()) & set(tokenizer.all_special_ids)
    exported = AutoModelForCausalLM.from_pretrained(folder).eval()
    assert exported.lm_head.weight is exported.transformer.wte.weight
    logits = objective.backbone(input_ids=given["input_ids"]).logits
    assert torch.equal(exported(**given).logits, logits)
    continued = exported.generate(**given, max_new_tokens=1, do_sample=False, pad_token_id=tokenizer.pad_token_id)
    assert continued[0, -1] == logits[0, -1].argmax()
