from dataclasses import replace

import numpy as np
import pytest
import torch

from headrace.shards.base.errors import RecipeError
from headrace.shards.stream import Stream
from headrace.trainers.backbones import BackboneRecipe
from headrace.trainers.data import DataFacts
from headrace.trainers.losses.token_loss import IGNORED
from headrace.trainers.pretext.mlm import Mlm
from headrace.trainers.recipe import read_recipe
from headrace.trainers.runs import Run
from headrace.trainers.samples.token_masks import SingleMask, SpanMask, WordMask
from headrace.trainers.text.vocabulary import Vocabulary

WORDS = Vocabulary(size=30, mask=0, pad=1, cls=2, sep=3, special=(0, 1, 2, 3))
BERT = BackboneRecipe(type="bert", hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32)


MODERN = BackboneRecipe(
    type="modernbert", hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32
)
EACH = pytest.mark.parametrize("mask", [None, WordMask(), SpanMask()], ids=["token", "word", "span"])


def record(tokens, ends=()):
    return {"tokens": np.asarray(tokens, np.uint16), "ends": np.asarray(ends, np.int64)}


def batch_of(*samples):
    return {name: torch.from_numpy(np.stack([each[name] for each in samples])) for name in samples[0]}


def predicted(objective, batch):
    return objective._predict(objective._states(batch), batch)


def test_a_window_is_framed_and_its_last_token_left_to_the_next_one():
    pretext = Mlm(length=10, share=0.0, vocabulary=WORDS, masked=0.0, random=0.0)
    assert pretext.window == 8
    sample = pretext.sample(record(range(10, 19)), np.random.default_rng(0))
    assert sample["tokens"].tolist() == [2, *range(10, 18), 3]


@EACH
def test_labels_are_the_original_tokens_and_special_ones_are_never_chosen(mask):
    pretext = Mlm(length=64, share=0.5, vocabulary=WORDS, mask=mask, pieces="3333" + "10" * 13)
    rng = np.random.default_rng(0)
    for _ in range(200):
        tokens = rng.integers(0, 30, 63)
        sample = pretext.sample(record(tokens), rng)
        framed = np.array([2, *tokens[:62], 3])
        real = sample["labels"] != IGNORED
        assert (sample["labels"][real] == framed[sample["positions"][real]]).all()
        assert not np.isin(sample["labels"][real], WORDS.special).any()
        rest = np.setdiff1d(np.arange(64), sample["positions"][real])
        assert (sample["tokens"][rest] == framed[rest]).all()


def test_random_tokens_are_of_the_whole_vocabulary():
    pretext = Mlm(length=64, share=1, masked=0, random=1, vocabulary=WORDS)
    rng, given = np.random.default_rng(0), record(np.full(63, 5))
    drawn = np.concatenate([pretext.sample(given, rng)["tokens"][1:-1] for _ in range(20)])
    assert set(drawn.tolist()) == set(range(30))


def test_a_window_with_too_few_plain_tokens_is_filled_up_with_ignored_labels():
    pretext = Mlm(length=10, share=0.5, vocabulary=WORDS)
    sample = pretext.sample(record([3, 3, 3, 3, 3, 3, 3, 9, 9]), np.random.default_rng(0))
    assert sample["labels"].tolist() == [9, *[IGNORED] * 4]
    assert pretext.objective(BERT).targets(batch_of(sample)) == {"tokens": 1}


def test_documents_and_places_restart_where_a_document_ends():
    pretext = Mlm(length=10, vocabulary=WORDS)
    sample = pretext.sample(record(range(10, 19), ends=[3, 3, 6, 8, 9]), np.random.default_rng(0))
    assert sample["document"].tolist() == [0, 0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert sample["places"].tolist() == [0, 1, 2, 3, 0, 1, 2, 0, 1, 2]
    whole = Mlm(length=10, vocabulary=WORDS, attention="window").sample(
        record(range(10, 19), ends=[3, 6]), np.random.default_rng(0)
    )
    assert whole["document"].tolist() == [0] * 10
    assert whole["places"].tolist() == list(range(10))


def test_attention_does_not_cross_documents():
    objective = Mlm(length=10, vocabulary=WORDS).objective(BERT).eval()
    sample = Mlm(length=10, vocabulary=WORDS).sample(record(range(10, 19), ends=[4]), np.random.default_rng(0))
    first = {**sample, "positions": np.arange(5), "labels": np.arange(5)}  # [CLS] and the four tokens
    other = {**first, "tokens": np.where(np.arange(10) >= 5, 29, sample["tokens"])}
    crossed = {**other, "document": np.zeros(10, np.int64)}
    same, changed, reached = (predicted(objective, batch_of(each)) for each in (first, other, crossed))
    torch.testing.assert_close(changed, same)
    assert not torch.allclose(reached, same)


@EACH
@pytest.mark.parametrize("backbone", [BERT, MODERN], ids=["bert", "modernbert"])
def test_loss_and_gradients_are_those_of_transformers(backbone, mask):
    pretext = Mlm(length=12, share=0.4, vocabulary=WORDS, attention="window", mask=mask, pieces="3333" + "10" * 13)
    objective, rng = pretext.objective(backbone).eval(), np.random.default_rng(0)
    batch = batch_of(*(pretext.sample(record(rng.integers(4, 30, 11)), rng) for _ in range(6)))
    real = batch["labels"] != IGNORED
    labels = torch.full((6, 12), IGNORED)
    for row in range(6):
        labels[row, batch["positions"][row][real[row]]] = batch["labels"][row][real[row]]
    same_loss_and_gradients(objective, batch, lambda: objective.backbone(input_ids=batch["tokens"], labels=labels).loss)


def same_loss_and_gradients(objective, batch, reference):
    """Ours, per target, beside another loss of the same network."""
    (expected := reference()).backward()
    wanted = {name: each.grad for name, each in objective.named_parameters()}
    objective.zero_grad()
    (found := objective.loss(batch).terms["tokens"] / objective.targets(batch)["tokens"]).backward()
    torch.testing.assert_close(found, expected)
    for name, each in objective.named_parameters():
        torch.testing.assert_close(each.grad, wanted[name], rtol=1e-4, atol=1e-6, msg=name)


def test_the_loss_is_the_formula_in_float64():
    pretext = Mlm(length=12, share=0.4, vocabulary=WORDS)
    objective, rng = pretext.objective(BERT).eval(), np.random.default_rng(0)
    batch = batch_of(*(pretext.sample(record(rng.integers(4, 30, 11), [5]), rng) for _ in range(6)))
    logits = predicted(objective, batch).detach().double().numpy()
    expected = 0.0
    for row in range(6):
        for slot, label in enumerate(batch["labels"][row].tolist()):
            scores = logits[row, slot]
            expected -= scores[label] - np.log(np.exp(scores - scores.max()).sum()) - scores.max()
    assert objective.loss(batch).terms["tokens"].item() == pytest.approx(expected, rel=1e-5)


@EACH
def test_masks_are_new_in_every_epoch_and_the_same_on_any_rank(texts, mask):
    pretext = Mlm(length=16, share=0.3, mask=mask).bind(DataFacts.of(texts))
    stream = Stream(texts, window=pretext.window, lanes=4, transform=lambda record, rng: pretext.sample(record, rng))
    batch = stream.samples // 2 * 2
    whole = next(iter(stream.batches(batch)))
    halves = [next(iter(stream.batches(batch, rank=rank, world_size=2))) for rank in range(2)]
    for name, rows in whole.items():
        assert (np.concatenate([half[name] for half in halves]) == rows).all(), name

    def masks(epoch):
        keyed = Stream(texts, window=14, lanes=4, transform=lambda s, rng: (s["__id__"], pretext.sample(s, rng)))
        return dict(keyed.read(np.arange(epoch * stream.samples, (epoch + 1) * stream.samples)))

    first, second = masks(0), masks(1)
    assert first.keys() == second.keys()
    assert len({tuple(sample["positions"]) for sample in first.values()}) > len(first) / 2
    same = sum((first[number]["positions"] == second[number]["positions"]).all() for number in first)
    assert same < len(first) / 4


@EACH
def test_the_default_share_of_tokens_is_hidden_in_every_window(texts, mask):
    pretext = Mlm(length=64, mask=mask).bind(DataFacts.of(texts))
    stream = Stream(texts, window=pretext.window, lanes=4, transform=pretext.transform)
    hidden = [(sample["labels"] != IGNORED).sum() for sample in stream.read(np.arange(20))]
    assert set(hidden) == {10}


def test_words_are_hidden_whole(texts):
    data = DataFacts.of(texts)
    pretext = Mlm(length=64, mask=WordMask(), masked=1.0, random=0.0).bind(data)
    for original in Stream(texts, window=pretext.window, lanes=4).read(np.arange(20)):
        sample = pretext.sample(original, np.random.default_rng(0))
        framed = pretext.framed(original["tokens"][:62])
        begins = {at for at, token in enumerate(framed) if data.tokenizer.id_to_token(token)[0] == "Ġ"}
        hidden = set(sample["positions"].tolist())
        inside = set(range(64)) - begins - {0, 63} - {at for at, token in enumerate(framed) if token in (2, 3)}
        # The first words of a window and of a document have no space before them.
        fresh = {1, *(at + 1 for at, token in enumerate(framed) if token in (2, 3))}
        assert all((at in hidden) == (at - 1 in hidden) for at in inside - fresh)


@pytest.mark.parametrize("attention", ["document", "window"])
def test_spans_do_not_cross_documents_even_where_attention_does(attention):
    # All tokens are chosen, in spans as long as they can be: masked whole, or left whole, with the same probability.
    pretext = Mlm(
        length=26, share=1, vocabulary=WORDS, mask=SpanMask(p=1e-6, longest=1000), pieces="3" * 30,
        masked=0.5, random=0.0, attention=attention,
    )  # fmt: skip
    rng, given = np.random.default_rng(0), record([*range(5, 17), *range(5, 18)], ends=[12])
    hidden = np.array([pretext.sample(given, rng)["tokens"] == WORDS.mask for _ in range(400)])
    within, across = (np.mean(hidden[:, at] == hidden[:, at + 1]) for at in (11, 12))
    assert within > 0.9
    assert across == pytest.approx(0.5, abs=5 * 0.5 / np.sqrt(400))


def test_a_recipe_names_its_mask_and_a_checkpoint_of_before_there_were_masks_still_fits(recipe_of, tmp_path):
    chosen = read_recipe(recipe_of("mlm"), ["pretext.mlm.mask.name=span", "pretext.mlm.mask.longest=5"])
    assert chosen.pretext.mask == SpanMask(longest=5)
    plain = Run.of(read_recipe(recipe_of("mlm")), tmp_path / "run")
    assert plain.pretext.hiding == SingleMask()
    identity = plain.identity()
    assert identity["pretext.mask"] is identity["pretext.pieces"] is None


def test_spanbert_hides_77_of_512_tokens_in_spans(recipe_of):
    recipe = read_recipe(recipe_of("mlm"), ["preset=spanbert", "pretext.mlm.length=512"])
    assert recipe.pretext.mask == SpanMask()
    bound = replace(recipe.pretext, vocabulary=WORDS, pieces="3333" + "10" * 13)
    sample = bound.sample(record(np.random.default_rng(0).integers(4, 30, 510)), np.random.default_rng(0))
    assert (sample["labels"] != IGNORED).sum() == 77
    assert (recipe.model.optimizer.eps, recipe.model.optimizer.weight_decay) == (1e-8, 0.1)


def test_a_mask_that_is_none_is_guessed(recipe_of):
    with pytest.raises(RecipeError, match="Did you mean 'span'"):
        read_recipe(recipe_of("mlm"), ["pretext.mlm.mask.name=spam"])


def test_shares_of_more_than_all_are_refused(recipe_of):
    with pytest.raises(RecipeError, match=r"0\.8 \+ 0\.3 is above 1"):
        read_recipe(recipe_of("mlm"), ["pretext.mlm.random=0.3"])
    assert Mlm(masked=0.9, random=0.1).random == 0.1


def test_features_ignore_padding():
    pretext = Mlm(length=10, vocabulary=WORDS, views_per_document=2)
    objective = pretext.objective(BERT).eval()
    views = pretext.plain_views({"tokens": np.arange(4, 15, dtype=np.uint16)})
    assert [view["tokens"].tolist() for view in views] == [
        [2, 4, 5, 6, 7, 8, 9, 10, 11, 3],
        [2, 12, 13, 14, 3, 1, 1, 1, 1, 1],
    ]
    features = objective.features(batch_of(*views))
    alone = objective.backbone.base_model(torch.tensor([[2, 12, 13, 14, 3]])).last_hidden_state[0, 1:4].mean(0)
    torch.testing.assert_close(features[1], alone)


def test_drawings_tell_right_from_wrong(texts):
    data = DataFacts.of(texts)
    pretext = Mlm(length=16).bind(data)
    tokens = np.array(data.tokenizer.encode("the cat purrs and climbs a tall tree " * 3).ids, np.uint16)
    sample = pretext.sample(record(tokens[:15]), np.random.default_rng(0))
    drawing = pretext.objective(BERT).draw(batch_of(sample), data)[0]
    assert drawing.text.count("→") == 2
    assert "[MASK]" not in drawing.text
    assert drawing.caption.endswith("of 2 hidden tokens found")


def test_shards_of_pictures_are_refused(images):
    with pytest.raises(RecipeError, match="Expected: token shards"):
        Mlm().bind(DataFacts.of(images))
