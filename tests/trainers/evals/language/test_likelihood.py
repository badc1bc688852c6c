import numpy as np
import pytest
import torch
from torch.nn import functional as F
from transformers import BertForMaskedLM

from headrace.shards.base.errors import RecipeError
from headrace.trainers.evals.language import likelihood
from headrace.trainers.evals.language.likelihood import Passage, kind_of, log_likelihoods
from headrace.trainers.recipe import read_recipe
from headrace.trainers.runs import Run

CPU = torch.device("cpu")


@pytest.fixture
def network(recipe_of, tmp_path):
    def make(pretext, *overrides):
        run = Run.of(read_recipe(recipe_of(pretext), overrides), tmp_path / "run")
        objective = run.untrained()
        with torch.no_grad():  # away from a start at which every token is as likely
            for each in objective.parameters():
                each += 0.3 * torch.randn(each.shape)
        return run.pretext, objective

    return make


def passages(pretext, lengths, seed=0):
    rng = np.random.default_rng(seed)
    plain = np.setdiff1d(np.arange(pretext.words.size), pretext.words.special)
    return [Passage(rng.choice(plain, n), first) for n, first in lengths]


def scored(pretext, objective, given, **options):
    done = []
    found = log_likelihoods(objective, pretext, given, CPU, done.append, **options)
    assert sum(done) == sum(len(each.tokens) - each.first for each in given)
    return found


@pytest.mark.parametrize("backbone", ["gpt2", "llama", "mixtral"])
def test_what_fits_a_window_costs_transformers_own_loss(network, backbone):
    sizes = "hidden_size: 32, num_hidden_layers: 2, num_attention_heads: 2"
    wide = ", intermediate_size: 64"
    more = {"gpt2": "", "llama": wide, "mixtral": f"{wide}, num_local_experts: 2, num_key_value_heads: 2"}
    pretext, objective = network("causal_lm", f"backbone={{type: {backbone}, {sizes}{more[backbone]}}}")
    given = passages(pretext, [(15, 0), (3, 0), (9, 0), (1, 0)])
    found = scored(pretext, objective, given)
    for passage, each in zip(given, found, strict=True):
        tokens = torch.tensor([[pretext.words.sep, *passage.tokens]])
        with torch.no_grad():
            made = objective.backbone.eval()(tokens, attention_mask=torch.ones_like(tokens), labels=tokens)
            loss = F.cross_entropy(made.logits[0, :-1], tokens[0, 1:])
        assert -each.mean() == pytest.approx(loss.item(), rel=1e-5)
        if backbone != "mixtral":  # whose loss holds the balance of its experts
            assert -each.mean() == pytest.approx(made.loss.item(), rel=1e-5)


@pytest.mark.parametrize("stride", [16, 5, 1])
def test_what_does_not_is_read_by_windows(network, stride):
    pretext, objective = network("causal_lm")
    (passage,) = passages(pretext, [(50, 0)])
    (found,) = scored(pretext, objective, [passage], stride=stride)
    sequence = [pretext.words.sep, *passage.tokens]
    following, expected = 1, []
    while following <= 50:
        behind = min(51, max(following + stride, 17))
        begin = max(0, behind - 17)
        with torch.no_grad():
            logits = objective.backbone.eval()(torch.tensor([sequence[begin : behind - 1]])).logits[0]
        costs = logits.log_softmax(-1)[range(behind - 1 - begin), sequence[begin + 1 : behind]]
        expected += costs[following - 1 - begin :].tolist()
        following = behind
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_a_part_of_a_passage_is_scored_with_the_rest_before_it(network):
    pretext, objective = network("causal_lm")
    (whole,) = passages(pretext, [(12, 0)])
    part = Passage(whole.tokens, 7)
    all_of_it, some = scored(pretext, objective, [whole, part])
    np.testing.assert_allclose(some, all_of_it[7:], rtol=1e-5)


def test_batches_change_nothing(network, monkeypatch):
    pretext, objective = network("causal_lm")
    given = passages(pretext, [(n, 0) for n in (1, 40, 7, 16, 17, 2)])
    together = scored(pretext, objective, given)
    monkeypatch.setattr(likelihood, "_ON_CPU", 1)
    monkeypatch.setattr(likelihood, "_LOGITS", 700)
    for one, other in zip(together, scored(pretext, objective, given), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_hidden_tokens_are_predicted_from_all_others(network):
    pretext, objective = network("mlm")
    given = passages(pretext, [(14, 9), (5, 0), (30, 27)])
    found = scored(pretext, objective, given)
    model = objective.backbone.eval()
    assert isinstance(model, BertForMaskedLM)
    for passage, each in zip(given, found, strict=True):
        for at, score in enumerate(each, passage.first):
            # The window of 14 plain tokens around the hidden one, or the last 14.
            begin = max(0, min(at - 7, len(passage.tokens) - 14))
            tokens = [pretext.words.cls, *passage.tokens[begin : begin + 14], pretext.words.sep]
            tokens[1 + at - begin] = pretext.words.mask
            with torch.no_grad():
                logits = model(torch.tensor([tokens])).logits[0, 1 + at - begin]
            assert score == pytest.approx(logits.log_softmax(-1)[passage.tokens[at]].item(), rel=1e-4, abs=1e-5)


def test_the_network_keeps_its_mode(network):
    pretext, objective = network("causal_lm")
    objective.train()
    scored(pretext, objective, passages(pretext, [(3, 0)]))
    assert objective.training


def test_what_predicts_no_tokens_is_refused(network):
    _, objective = network("mlm")
    assert kind_of(objective) == "masked"
    objective.backbone = objective.backbone.bert
    with pytest.raises(RecipeError, match="a BertModel, without a head"):
        kind_of(objective)
