from itertools import pairwise

import numpy as np
import pytest
import torch
from transformers.models.mixtral.modeling_mixtral import load_balancing_loss_func

from headrace.shards.base.errors import RecipeError
from headrace.shards.stream import Stream
from headrace.trainers.backbones import BackboneRecipe, routed_states
from headrace.trainers.data import DataFacts
from headrace.trainers.evals.language.likelihood import Passage, log_likelihoods
from headrace.trainers.losses.token_loss import IGNORED
from headrace.trainers.pretext.causal_lm import CausalLm
from headrace.trainers.text.vocabulary import Vocabulary

WORDS = Vocabulary(size=30, mask=0, pad=1, cls=2, sep=3, special=(0, 1, 2, 3))
SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
GPT2 = BackboneRecipe(type="gpt2", **SIZES)
LLAMA = BackboneRecipe(type="llama", **SIZES, intermediate_size=32)
MIXTRAL = BackboneRecipe(type="mixtral", **SIZES, intermediate_size=32, num_key_value_heads=1, num_local_experts=3)
ANY = pytest.mark.parametrize("backbone", [GPT2, LLAMA, MIXTRAL], ids=["gpt2", "llama", "mixtral"])


def record(tokens, ends=()):
    return {"tokens": np.asarray(tokens, np.uint16), "ends": np.asarray(ends, np.int64)}


def sampled(pretext, *records):
    samples = [pretext.sample(each, np.random.default_rng(0)) for each in records]
    return {name: torch.from_numpy(np.stack([each[name] for each in samples])) for name in samples[0]}


def logits(objective, batch):
    return objective.backbone.lm_head(objective._states(batch))


def windows(count, length=9):
    rng = np.random.default_rng(0)
    return [record(rng.integers(4, 30, length), [3, 6]) for _ in range(count)]


def test_labels_are_what_follows_and_documents_are_crossed_in_a_window():
    sample = CausalLm(length=8, vocabulary=WORDS).sample(record(range(10, 19), [3]), np.random.default_rng(0))
    assert {name: values.tolist() for name, values in sample.items()} == {
        "tokens": [*range(10, 18)],
        "labels": [*range(11, 19)],
    }


def test_what_ends_a_document_is_its_last_target_and_begins_the_next_one():
    pretext = CausalLm(length=10, vocabulary=WORDS, attention="document")
    # A document that had begun before, an empty one, one of two words, and one that goes on.
    given = record([10, 11, 3, 3, 12, 13, 3, 14, 15, 16, 17], [3, 4, 7])
    sample = pretext.sample(given, np.random.default_rng(0))
    assert {name: values.tolist() for name, values in sample.items()} == {
        "tokens": [10, 11, 3, 3, 12, 13, 3, 14, 15, 16],
        "labels": [11, 3, 3, 12, 13, 3, 14, 15, 16, 17],
        "document": [0, 0, 1, 2, 2, 2, 3, 3, 3, 3],
        "places": [0, 1, 0, 0, 1, 2, 0, 1, 2, 3],
    }


def test_a_window_may_begin_or_end_where_a_document_does():
    pretext = CausalLm(length=8, vocabulary=WORDS, attention="document")
    sample = pretext.sample(record([3, *range(10, 17), 3], [1, 9]), np.random.default_rng(0))
    assert sample["document"].tolist() == [0] * 8
    assert sample["labels"].tolist() == [*range(10, 17), 3]


def test_a_document_that_nothing_ends_gives_the_next_one_no_target_and_places_restart():
    pretext = CausalLm(length=8, vocabulary=WORDS, attention="document")
    sample = pretext.sample(record(range(10, 19), [0, 3, 3, 6, 8, 9]), np.random.default_rng(0))
    assert {name: values.tolist() for name, values in sample.items()} == {
        "tokens": [10, 11, 12, 13, 14, 15, 16, 17],
        "labels": [11, 12, IGNORED, 14, 15, IGNORED, 17, IGNORED],
        "document": [0, 0, 0, 1, 1, 1, 2, 2],
        "places": [0, 1, 2, 0, 1, 2, 0, 1],
    }


def test_every_token_but_the_first_of_a_shard_is_a_target_once(texts):
    pretext = CausalLm(length=16).bind(DataFacts.of(texts))
    stream = Stream(
        texts, window=pretext.window, transform=lambda record, rng: (record["__key__"], pretext.sample(record, rng))
    )
    samples = dict(stream.read(np.arange(stream.samples)))
    for shard in DataFacts.of(texts).manifest.shards:
        own = [samples[f"{shard.name}/{number}"] for number in range((shard.tokens - 1) // 16)]
        assert all((sample["labels"][:-1] == sample["tokens"][1:]).all() for sample in own)
        # The last target of a window is the first input of the next one.
        assert all(one["labels"][-1] == other["tokens"][0] for one, other in pairwise(own))


def mixture(balance):
    torch.manual_seed(0)
    return CausalLm(length=8, vocabulary=WORDS, balance=balance).objective(MIXTRAL)


def test_the_balance_of_a_mixture_is_a_term_of_its_own_beside_the_same_loss_and_features():
    batch = sampled(CausalLm(length=8, vocabulary=WORDS), *windows(4))
    plain, balanced = mixture(None).eval(), mixture(0.25).eval()
    assert balanced.targets(batch) == {**plain.targets(batch), "balance": 4}
    wanted, found = plain.loss(batch), balanced.loss(batch)
    assert torch.equal(found.terms["tokens"], wanted.terms["tokens"])
    assert torch.equal(found.representations, wanted.representations)
    logits = routed_states(balanced.backbone, batch["tokens"])[1]
    assert logits.shape == (2, 4, 8, 3)
    oracle = [
        load_balancing_loss_func((logits[block, row],), num_experts=3, top_k=2) / 2
        for block in range(2)
        for row in range(4)
    ]
    torch.testing.assert_close(found.terms["balance"], 0.25 * sum(oracle))
    assert 1 / 3 <= found.metrics["busiest_expert"].total / found.metrics["busiest_expert"].count <= 1 / 2


def test_a_balance_of_zero_only_watches():
    batch = sampled(CausalLm(length=8, vocabulary=WORDS), *windows(4))
    loss = mixture(0).loss(batch)
    assert loss.terms["balance"] == 0
    assert loss.metrics["busiest_expert"].total > 0


def test_a_router_with_a_favourite_learns_to_be_even():
    objective = mixture(1.0)
    with torch.no_grad():  # almost all tokens have a first feature above 0, and so choose the first expert
        for block in objective.backbone.model.layers:
            block.mlp.gate.weight[0, 0] += 3
        objective.backbone.model.embed_tokens.weight[:, 0] += 1
    batch = sampled(CausalLm(length=8, vocabulary=WORDS), *windows(8))
    optimizer = torch.optim.Adam(objective.parameters(), lr=1e-2)
    balances = []
    for _ in range(40):
        optimizer.zero_grad()
        balances.append(objective.loss(batch).terms["balance"] / 8)
        balances[-1].backward()
        optimizer.step()
    assert balances[0] > 2.5  # 3 at most, in two blocks of three experts, two to a token
    assert balances[-1] < 2.2


def test_a_balance_is_for_experts_only():
    with pytest.raises(RecipeError, match=r"experts of a network that has none.*balance 0.1 and .*type llama.*mixtral"):
        CausalLm(length=8, vocabulary=WORDS, balance=0.1).objective(LLAMA)


@ANY
@pytest.mark.parametrize("attention", ["window", "document"])
def test_no_target_is_seen_by_what_predicts_it(backbone, attention):
    objective = CausalLm(length=8, vocabulary=WORDS, attention=attention).objective(backbone).eval()
    batch = sampled(CausalLm(length=8, vocabulary=WORDS, attention=attention), record(range(10, 19)))
    before = logits(objective, batch)
    for at in range(1, 8):
        tokens = batch["tokens"].clone()
        tokens[:, at:] = 29
        after = logits(objective, {**batch, "tokens": tokens})
        torch.testing.assert_close(after[:, :at], before[:, :at])
        assert not torch.allclose(after[:, at:], before[:, at:])


@ANY
def test_documents_are_computed_as_if_each_stood_alone_or_see_what_stands_before(backbone):
    apart = CausalLm(length=8, vocabulary=WORDS, attention="document")
    objective = apart.objective(backbone).eval()
    together = sampled(apart, record(range(10, 19), [3]))
    for start, stop in ((0, 3), (3, 8)):
        alone = objective.backbone(together["tokens"][:, start:stop]).logits
        torch.testing.assert_close(logits(objective, together)[:, start:stop], alone)
    crossing = sampled(CausalLm(length=8, vocabulary=WORDS), record(range(10, 19), [3]))
    assert not torch.allclose(logits(objective, crossing)[:, 3:], logits(objective, together)[:, 3:])


def test_a_document_in_a_window_costs_what_it_costs_an_evaluation(texts):
    """Which puts the token that ends documents before it: see `likelihood`."""
    pretext = CausalLm(length=64, attention="document").bind(DataFacts.of(texts))
    objective = pretext.objective(LLAMA).eval()
    device, advance = torch.device("cpu"), lambda tokens: None
    sample = pretext.sample(next(iter(Stream(texts, window=64, lanes=1).read(np.arange(1)))), None)
    logits_of = logits(objective, {name: torch.from_numpy(column)[None] for name, column in sample.items()})[0]
    costs = torch.nn.functional.cross_entropy(logits_of, torch.from_numpy(sample["labels"]), reduction="none").detach()
    whole = [number for number in range(1, sample["document"].max()) if (sample["document"] == number).sum() > 1]
    assert whole
    for number in whole:
        inside = np.flatnonzero(sample["document"] == number)
        words = sample["tokens"][inside[1:]]
        (found,) = log_likelihoods(objective, pretext, [Passage(words)], device, advance)
        np.testing.assert_allclose(-found, costs[inside[:-1]], rtol=1e-4, atol=1e-5)


@ANY
@pytest.mark.parametrize("attention", ["window", "document"])
def test_loss_and_gradients_are_those_of_transformers(backbone, attention):
    pretext = CausalLm(length=8, vocabulary=WORDS, attention=attention)
    objective = pretext.objective(backbone).eval()
    batch = sampled(pretext, *windows(6))
    extra = {}
    if attention == "document":
        same = batch["document"][:, :, None] == batch["document"][:, None, :]
        extra = {"attention_mask": same.tril()[:, None], "position_ids": batch["places"]}
    reference = objective.backbone(batch["tokens"], shift_labels=batch["labels"], labels=batch["tokens"], **extra).loss
    reference.backward()
    expected = {name: each.grad for name, each in objective.named_parameters()}
    objective.zero_grad()
    found = objective.loss(batch).terms["tokens"] / objective.targets(batch)["tokens"]
    found.backward()
    torch.testing.assert_close(found, reference)
    for name, each in objective.named_parameters():
        torch.testing.assert_close(each.grad, expected[name], rtol=1e-4, atol=1e-6, msg=name)


def test_the_loss_is_the_formula_in_float64():
    pretext = CausalLm(length=8, vocabulary=WORDS, attention="document")
    objective = pretext.objective(GPT2).eval()
    batch = sampled(pretext, *windows(6))
    expected, targets = 0.0, 0
    for scores, labels in zip(logits(objective, batch).detach().double().numpy(), batch["labels"].numpy(), strict=True):
        for at in np.flatnonzero(labels != IGNORED):
            expected -= scores[at, labels[at]] - np.log(np.exp(scores[at]).sum())
            targets += 1
    assert objective.loss(batch).terms["tokens"].item() == pytest.approx(expected, rel=1e-5)
    assert objective.targets(batch)["tokens"] == targets == 6 * 6


def test_gpt2_begins_as_its_paper_says():
    wide = BackboneRecipe(type="gpt2", hidden_size=128, num_hidden_layers=8, num_attention_heads=2)
    torch.manual_seed(0)
    network = CausalLm(length=8, vocabulary=WORDS).objective(wide).backbone
    assert network.lm_head.weight is network.transformer.wte.weight
    for name, weight in network.named_parameters():
        if weight.ndim == 2:
            expected = 0.02 / np.sqrt(2 * 8) if name.endswith("c_proj.weight") else 0.02
            assert weight.std().item() == pytest.approx(expected, rel=0.1), name


def test_the_papers_recipe_is_gpt2_of_124_million_parameters_on_half_a_million_tokens_a_step():
    recipe = CausalLm.recipes["paper"]
    gpt2s = Vocabulary(size=50_257, mask=0, pad=1, cls=2, sep=3, special=(0, 1, 2, 3))
    pretext = CausalLm(**recipe["pretext"], vocabulary=gpt2s)
    with torch.device("meta"):
        network = pretext.objective(BackboneRecipe(**recipe["backbone"])).backbone
    assert network.num_parameters() == 124_439_808
    assert recipe["batch_size"] * pretext.tokens == 491_520


@ANY
def test_features_are_the_mean_over_plain_tokens_and_ignore_padding(backbone):
    pretext = CausalLm(length=8, vocabulary=WORDS, views_per_document=2)
    objective = pretext.objective(backbone).eval()
    views = pretext.plain_views({"tokens": np.array([*range(4, 14), 3], np.uint16)})
    assert [view["tokens"].tolist() for view in views] == [[*range(4, 12)], [12, 13, 3, 1, 1, 1, 1, 1]]
    batch = {"tokens": torch.from_numpy(np.stack([view["tokens"] for view in views]))}
    alone = objective.backbone.base_model(torch.tensor([[12, 13]])).last_hidden_state[0].mean(0)
    torch.testing.assert_close(objective.features(batch)[1], alone)


def test_drawings_show_what_surprised(texts):
    data = DataFacts.of(texts)
    pretext = CausalLm(length=16, attention="document").bind(data)
    tokens = np.array(data.tokenizer.encode("the cat purrs and climbs a tall tree " * 3).ids, np.uint16)
    objective = pretext.objective(GPT2).eval()
    batch = sampled(pretext, record(tokens[:17], [5]))
    (drawing,) = objective.draw(batch, data)
    assert drawing == objective.draw(batch, data)[0]
    assert drawing.text.count(" bits]") == 15 // 8
    assert drawing.caption.endswith("of 15")
    bits = objective.loss(batch).terms["tokens"].item() / np.log(2) / 15
    assert drawing.caption.startswith(f"{bits:.2f} bits per token")


def test_shards_of_pictures_are_refused(images):
    with pytest.raises(RecipeError, match="Expected: token shards"):
        CausalLm().bind(DataFacts.of(images))
