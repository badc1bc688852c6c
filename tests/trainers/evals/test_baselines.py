import io

import numpy as np
from PIL import Image
from scipy import sparse

from headrace.trainers.data import DataFacts
from headrace.trainers.evals.baselines import pixels, raw_input, tf_idf
from headrace.trainers.evals.records import read_records


def test_words_are_learned_from_the_training_texts_alone():
    train = np.array([True, True, False])
    features = tf_idf(["cat sat", "dog sat", "zebra cat"], train)
    assert features.shape == (3, 3)  # cat, dog, sat
    assert features[2].nnz == 1
    np.testing.assert_allclose(np.asarray(features.multiply(features).sum(1)).ravel(), 1, rtol=1e-6)


def test_text_becomes_sparse_rows_and_pictures_rows_of_pixels(texts, images):
    data = DataFacts.of(texts)
    name, features = raw_input(data, {}, read_records(data, np.arange(40)), np.ones(40, bool))
    assert name == "TF-IDF of words"
    assert sparse.issparse(features)
    data, network = DataFacts.of(images), {"image_size": 8, "num_channels": 1}
    name, features = raw_input(data, network, read_records(data, np.arange(48)), np.ones(48, bool))
    assert name == "pixels"
    assert features.shape == (48, 64)


def test_pixels_are_the_central_square_in_shares_of_white():
    image = np.zeros((4, 6), np.uint8)
    image[:, 1:5] = 255
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "PNG")
    record = {"png": stream.getvalue()}
    assert pixels(record, ["png"], 4, 1).tolist() == [1.0] * 16
    assert pixels(record, ["png"], 4, 3).shape == (48,)
