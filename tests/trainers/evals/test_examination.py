"""What an examination prepares for all networks: of the test records nothing is learned, labels or not."""

import numpy as np
import pytest

from headrace.trainers.evals.baselines import decoded, tf_idf
from headrace.trainers.evals.examination import Examination
from headrace.trainers.recipe import read_recipe
from headrace.trainers.runs import Run


@pytest.fixture
def exam_of(recipe_of, tmp_path):
    return lambda pretext: Examination(Run.of(read_recipe(recipe_of(pretext)), tmp_path / "run"))


@pytest.mark.parametrize("pretext", ["mae", "mlm"])
def test_statistics_of_batches_are_those_of_training_records(exam_of, pretext):
    exam = exam_of(pretext)
    assert sorted(exam.calibration) == np.flatnonzero(~exam.records.test).tolist()
    assert 0 < exam.records.test.sum() < len(exam.records.test)


def test_frequencies_of_words_are_those_of_training_records(exam_of):
    exam = exam_of("mlm")
    texts, test = [decoded(exam.data, record) for record in exam.records.records()], exam.records.test
    name, found = exam.raw_features
    assert name == "TF-IDF of words"
    assert np.array_equal(found.toarray(), tf_idf(texts, ~test).toarray())
    whole = tf_idf(texts, np.ones_like(test)).toarray()
    assert found.shape != whole.shape or not np.allclose(found.toarray(), whole)
