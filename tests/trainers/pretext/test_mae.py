import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import ViTMAEConfig, ViTMAEForPreTraining

from headrace.shards.base.errors import InputError, RecipeError
from headrace.shards.stream import Stream
from headrace.trainers.backbones import BackboneRecipe, encode_visible
from headrace.trainers.data import RECORD_CODECS, DataFacts
from headrace.trainers.pretext.mae import Mae
from headrace.trainers.samples.patches import patchify, unpatchify
from headrace.trainers.samples.views.choice import preset
from headrace.trainers.samples.views.planner import plan
from headrace.trainers.samples.views.view import View

SMALL = {"patch": 2, "channels": 3, "decoder_width": 16, "decoder_depth": 1, "decoder_heads": 2}
VIT = BackboneRecipe(type="vit", hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32)


@pytest.fixture
def pretext():
    return Mae(**SMALL, views=preset("mae", size=8), images=("png",))


def png(pixels):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def batch_of(pretext, count=4):
    rng = np.random.default_rng(0)
    records = [{"png": png(rng.integers(0, 256, (10, 12, 3), dtype=np.uint8))} for _ in range(count)]
    samples = [pretext.sample(record, rng) for record in records]
    return {name: torch.from_numpy(np.stack([each[name] for each in samples])) for name in samples[0]}


def predict(objective, pixels, visible):
    return objective._decode(encode_visible(objective.backbone, pixels, visible), visible)


def patches_of(image, size=2):
    """(C, S, S) -> (N, size * size * C), slowly."""
    _, height, width = image.shape
    return np.array(
        [
            [image[c, row + i, column + j] for i in range(size) for j in range(size) for c in range(image.shape[0])]
            for row in range(0, height, size)
            for column in range(0, width, size)
        ]
    )


def test_the_loss_is_the_formula_in_float64(pretext):
    objective, batch = pretext.objective(VIT), batch_of(pretext)
    total = 0.0
    predicted = predict(objective, objective._pixels(batch), batch["visible"]).detach().double().numpy()
    for row, image in enumerate(batch["view"][:, 0].double().numpy() / 255):
        pixels = (image - np.reshape(pretext.mean, (3, 1, 1))) / np.reshape(pretext.std, (3, 1, 1))
        for number in batch["hidden"][row].tolist():
            patch = patches_of(pixels)[number]
            wanted = (patch - patch.mean()) / np.sqrt(patch.var(ddof=1) + 1e-6)
            total += np.mean((predicted[row, number] - wanted) ** 2)
    assert objective.loss(batch).terms["patches"].item() == pytest.approx(total, rel=1e-4)
    assert objective.targets(batch) == {"patches": 4 * 12}


RENAMED = {"backbone.": "vit.", "decoder.": "decoder.decoder_", "entry": "embed", "exit": "pred"}


def oracle_name(name):
    """What transformers' ViTMAE calls a parameter of ours."""
    if name == "decoder.mask_token":
        return name
    for ours, theirs in RENAMED.items():
        name = name.replace(ours, theirs)
    return name


def test_loss_and_gradients_are_those_of_transformers_with_the_same_weights_and_masks(pretext):
    config = ViTMAEConfig(
        image_size=8, patch_size=2, num_channels=3, norm_pix_loss=True, hidden_size=16, num_attention_heads=2,
        num_hidden_layers=1, intermediate_size=32, layer_norm_eps=1e-12, decoder_hidden_size=16,
        decoder_num_attention_heads=2, decoder_num_hidden_layers=1, decoder_intermediate_size=64,
    )  # fmt: skip
    oracle = ViTMAEForPreTraining(config)
    objective, batch = pretext.objective(VIT), batch_of(pretext)
    weights = {oracle_name(name): each for name, each in objective.state_dict().items()}
    weights["decoder.decoder_pos_embed"] = torch.cat([torch.zeros(1, 16), objective.decoder.positions])[None]
    oracle.load_state_dict(weights)
    # It keeps the patches with the smallest noise.
    noise = torch.rand(4, 16).scatter_add(1, batch["hidden"], torch.ones(4, 12))
    told = oracle(objective._pixels(batch), noise=noise)
    assert torch.equal(told.mask, torch.zeros(4, 16).scatter(1, batch["hidden"], 1.0))
    told.loss.backward()
    found = objective.loss(batch).terms["patches"] / objective.targets(batch)["patches"]
    found.backward()
    torch.testing.assert_close(found, told.loss)
    gradients = {name: each.grad for name, each in oracle.named_parameters()}
    for name, each in objective.named_parameters():
        if each.requires_grad:
            torch.testing.assert_close(each.grad, gradients[oracle_name(name)], rtol=1e-4, atol=1e-6, msg=name)


def test_positions_are_fixed_and_left_out_of_the_class_token(pretext):
    positions = pretext.objective(VIT).backbone.embeddings.position_embeddings
    assert not positions.requires_grad
    assert torch.equal(positions[0, 0], torch.zeros(16))
    assert not torch.equal(positions[0, 1], positions[0, 2])


def test_weights_begin_as_the_paper_has_them(pretext):
    torch.manual_seed(0)
    wide = BackboneRecipe(
        type="vit", hidden_size=128, num_hidden_layers=2, num_attention_heads=2, intermediate_size=256
    )
    objective = replace(pretext, decoder_width=128).objective(wide)
    for name, weight in objective.named_parameters():
        if "token" in name:
            assert weight.std().item() == pytest.approx(0.02, rel=0.2), name
        elif name.endswith(".bias"):
            assert not weight.any(), name
        elif weight.ndim >= 2 and weight.requires_grad:
            # Of numbers that are uniform within a bound; the projection of patches is a matrix, too.
            bound = np.sqrt(6 / sum(weight.flatten(1).shape))
            assert weight.abs().max().item() == pytest.approx(bound, rel=0.01), name


def test_hidden_patches_never_reach_the_encoder(pretext):
    objective, batch = pretext.objective(VIT).eval(), batch_of(pretext)
    pixels, lengths = objective._pixels(batch), []
    objective.backbone.layers[0].register_forward_pre_hook(lambda _, inputs: lengths.append(inputs[0].shape[1]))
    expected = encode_visible(objective.backbone, pixels, batch["visible"])
    poisoned = patchify(pixels, 2).scatter(1, batch["hidden"][..., None].expand(-1, -1, 12), float("nan"))
    found = encode_visible(objective.backbone, unpatchify(poisoned, 2), batch["visible"])
    assert torch.equal(found, expected)
    assert lengths == [1 + 4] * 2
    assert torch.isfinite(objective._decode(found, batch["visible"])).all()


def test_masks_are_new_in_every_epoch_and_the_same_on_any_rank(images):
    mae = Mae(**{**SMALL, "channels": 1}, mean=(0.5,), std=(0.5,), views=preset("mae", size=8))
    mae = mae.bind(DataFacts.of(images))
    stream = Stream(images, lanes=4, transform=mae.transform, fields=mae.fields)
    whole = next(iter(stream.batches(48)))
    halves = [next(iter(stream.batches(48, rank=rank, world_size=2))) for rank in range(2)]
    assert (np.concatenate([half["hidden"] for half in halves]) == whole["hidden"]).all()

    def masks(epoch):
        def keyed(record, rng):
            return record["__id__"], mae.sample(record, rng)["visible"]

        stream = Stream(images, lanes=4, transform=keyed, codecs=RECORD_CODECS)
        return dict(stream.read(np.arange(48 * epoch, 48 * (epoch + 1))))

    first, second = masks(0), masks(1)
    assert first.keys() == second.keys()
    assert len({tuple(visible) for visible in first.values()}) > 40
    # Two masks are the same once in 1820 times.
    assert sum((first[name] == second[name]).all() for name in first) < 3


def test_a_sample_is_a_crop_of_the_image_and_a_split_of_its_patches():
    views = preset("mae", size=8, scale=(1.0, 1.0), horizontal_flip=0.0)
    whole = Mae(**{**SMALL, "channels": 1}, mean=(0.5,), std=(0.5,), images=("png",), views=views)
    image = np.random.default_rng(0).integers(0, 256, (8, 8), dtype=np.uint8)
    # A square image of which the whole area is asked for: only the aspect 1 fits, by the fall-back.
    sample = whole.sample({"png": png(image)}, np.random.default_rng(1))
    assert sample["view"].tolist() == [[image.tolist()]]
    assert sorted([*sample["visible"], *sample["hidden"]]) == list(range(16))
    assert len(sample["visible"]) == 4


@pytest.mark.parametrize("seed", range(6))
def test_the_image_of_a_sample_is_the_view_that_was_drawn(seed):
    mae = Mae(**SMALL, views=preset("mae", size=8), images=("png",))
    image = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    row = plan([View(size=8, scale=(0.2, 1.0), horizontal_flip=0.5)], 30, 40, np.random.default_rng(seed))[0]
    expected = Image.fromarray(image).crop(row["box"].tolist()).resize((8, 8), Image.Resampling.BICUBIC)
    expected = expected.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if row["flip"] else expected
    found = mae.sample({"png": png(image)}, np.random.default_rng(seed))["view"][0]
    assert (found.transpose(1, 2, 0) == np.asarray(expected)).all()


def test_the_defaults_are_the_preset():
    assert Mae().views == preset("mae")


def test_a_record_without_an_image_that_can_be_decoded(pretext):
    with pytest.raises(InputError, match=r"sample 'a/b' holds no picture.*Found: the fields gif, json"):
        pretext.plain_views({"__key__": "a/b", "gif": b"GIF89a", "json": {}})


def test_a_view_is_the_central_square(pretext):
    image = np.random.default_rng(0).integers(0, 256, (10, 12, 3), dtype=np.uint8)
    expected = Image.fromarray(image[:, 1:11]).resize((8, 8), Image.Resampling.BICUBIC)
    (view,) = pretext.plain_views({"png": png(image)})
    assert (view["view"][0].transpose(1, 2, 0) == np.asarray(expected)).all()


def test_features_are_the_mean_over_patches_or_the_class_token(pretext):
    objective = pretext.objective(VIT).eval()
    batch = {"view": batch_of(pretext)["view"]}
    states = objective.backbone(objective._pixels(batch)).last_hidden_state
    torch.testing.assert_close(objective.features(batch), states[:, 1:].mean(1))
    objective.pool = "cls"
    torch.testing.assert_close(objective.features(batch), states[:, 0])


def test_a_drawing_shows_visible_patches_as_they_are_and_a_perfect_prediction_as_the_image(pretext, images):
    objective, batch = pretext.objective(VIT), batch_of(pretext, 1)
    pixels = objective._pixels(batch)
    patches = torch.from_numpy(np.stack([patches_of(image) for image in pixels.numpy()]))
    mean, scale = patches.mean(-1, keepdim=True), (patches.var(-1, keepdim=True) + 1e-6).sqrt()
    objective._decode = lambda states, visible: (patches - mean) / scale
    (drawing,) = objective.draw(batch, DataFacts.of(images))
    original, seen, rebuilt = np.split(drawing.pixels.astype(int), 3, axis=1)
    assert (original == batch["view"][0, 0].permute(1, 2, 0).numpy()).all()
    assert np.abs(rebuilt - original).max() <= 1
    hidden = np.zeros(16, bool)
    hidden[batch["hidden"][0]] = True
    differs = (seen != original).any(-1).reshape(4, 2, 4, 2).any(axis=(1, 3)).ravel()
    assert not differs[~hidden].any()
    assert differs[hidden].any()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"patch": 3}, "3 does not divide 8"),
        ({"mean": (0.5,)}, "one number for each of the 3 channels"),
        ({"masked": 0.99}, "leaves nothing to see"),
        ({"decoder_width": 18}, "multiple of 4"),
    ],
)
def test_numbers_that_do_not_fit(changes, message):
    with pytest.raises(ValueError, match=message):
        Mae(**{**SMALL, "views": preset("mae", size=8), **changes})


def test_a_width_without_positions_is_refused(pretext):
    with pytest.raises(RecipeError, match="multiple of 4"):
        pretext.objective(BackboneRecipe(type="vit", hidden_size=18, num_attention_heads=2))


def test_shards_of_text_are_refused(texts):
    with pytest.raises(RecipeError, match="image shards"):
        Mae().bind(DataFacts.of(texts))
