import numpy as np
import pytest
from py3langid.modelio import load_model

from headrace.pipeline.kernels import language_model as module
from headrace.pipeline.kernels.language_model import BLOCK_BITS, PLACE_BITS, language_model, model_file


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


def test_weights_that_16_bits_cannot_hold_are_refused():
    with pytest.raises(ValueError, match="17 bits"):
        module._integers(np.array([[-15.0, -0.01]], np.float16))
