import dataclasses

import numpy as np
import pytest
from py3langid.modelio import load_model

from headrace.pipeline.kernels import language_model as module
from headrace.pipeline.kernels.language_model import BLOCK_BITS, PLACE_BITS, language_model, model_file


def same(first, second):
    return all(
        np.array_equal(getattr(first, field.name), getattr(second, field.name)) for field in dataclasses.fields(first)
    )


@pytest.fixture
def directories(tmp_path, monkeypatch):
    """Empty directories in place of the real ones, and a model that is loaded anew each time."""
    layers = [tmp_path / "installation", tmp_path / "user"]
    monkeypatch.setattr(module, "cache_directories", lambda source: layers)
    monkeypatch.setattr(module, "language_model", language_model.__wrapped__)
    return layers


def test_nothing_of_py3langids_model_is_lost():
    model = language_model()
    weights, priors, classes, moves, rows, features = (np.asarray(each) for each in load_model(model_file()))
    assert model.classes.tolist() == classes.tolist()
    assert np.array_equal(model.priors, priors)
    assert np.array_equal(model.weights[:, : len(classes)] / model.units, weights.astype(np.float64))
    assert not model.weights[:, len(classes) :].any()

    # Every move leads from the same row by the same byte to the same state, whatever it is called.
    ours = model.blocks.reshape(-1, 1 << BLOCK_BITS)[model.index].ravel()
    states, first = np.unique(ours, return_index=True)
    number = moves[first]
    assert np.array_equal(number[np.searchsorted(states, ours)], moves)
    assert np.array_equal(states >> PLACE_BITS, rows[number])
    place = model.places[states >> PLACE_BITS] + (states & ((1 << PLACE_BITS) - 1))
    assert np.array_equal(model.features[place], np.where(features[number] < 0, len(weights), features[number]))
    assert number[states == int(model.start)] == 0


def test_the_model_is_kept_for_the_next_process(directories, monkeypatch):
    directories[0].mkdir()
    former = directories[0] / "language-model-0123.npz"
    former.write_bytes(b"of an earlier version")
    first = module.language_model()
    (kept,) = directories[0].iterdir()
    assert kept != former
    assert kept.stat().st_mode & 0o044 == 0o044
    monkeypatch.setattr(module, "_lay_out", lambda path: pytest.fail("the file was read again"))
    assert same(module.language_model(), first)


def test_a_damaged_copy_is_made_anew(directories, monkeypatch):
    model = language_model()
    monkeypatch.setattr(module, "_lay_out", lambda path: model)
    module.language_model()
    (kept,) = directories[0].iterdir()
    content = kept.read_bytes()
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 1
    for damaged in (bytes(flipped), content[:1000], b"", b"no archive"):
        kept.write_bytes(damaged)
        assert same(module.language_model(), model)
        assert kept.read_bytes() == content


def test_without_a_writable_directory_it_is_read_each_time(directories, monkeypatch):
    model, read = language_model(), []
    monkeypatch.setattr(module, "_lay_out", lambda path: read.append(path) or model)
    for directory in directories:
        directory.write_text("a file where the directory would be")
    assert same(module.language_model(), model)
    assert same(module.language_model(), model)
    assert read == [model_file()] * 2


def test_weights_that_16_bits_cannot_hold_are_refused():
    with pytest.raises(ValueError, match="17 bits"):
        module._integers(np.array([[-15.0, -0.01]], np.float16))
