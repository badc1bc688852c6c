import numpy as np
import pytest
from scipy import sparse
from sklearn.neighbors import KNeighborsClassifier

from headrace.trainers.evals.base import Labelled
from headrace.trainers.evals.methods.knn import Knn, unit_rows
from headrace.trainers.evals.splits import held_out


def clusters(rows, seed=0, width=6, classes=4):
    rng = np.random.default_rng(seed)
    labels = rng.integers(classes, size=rows)
    centres = np.random.default_rng(99).normal(size=(classes, width))
    return (centres[labels] + rng.normal(size=(rows, width))).astype(np.float32), labels


def labelled(features, labels):
    return Labelled(features, labels, np.arange(len(labels)))


@pytest.mark.parametrize("k", [1, 5, 20, 200])
def test_votes_are_those_of_scikit_learn(k):
    (known, labels), (asked, _) = clusters(300), clusters(100, seed=1)
    reference = KNeighborsClassifier(
        k, metric="cosine", algorithm="brute", weights=lambda distance: np.exp((1 - distance) / 0.07)
    ).fit(known, labels)
    knn = Knn(k=(k,), standardised=False)
    assert (knn.predict(labelled(known, labels), asked) == reference.predict(asked)).all()


def test_more_neighbours_than_rows_is_all_rows():
    features, labels = clusters(10)
    few = Knn(k=(10,)).predict(labelled(features, labels), features)
    assert (Knn(k=(500,)).predict(labelled(features, labels), features) == few).all()


def test_sparse_features_give_the_same():
    (known, labels), (asked, _) = clusters(200), clusters(50, seed=1)
    known, asked = np.maximum(known, 0), np.maximum(asked, 0)
    dense = Knn(standardised=False).predict(labelled(known, labels), asked)
    # Which are not standardised.
    thin = Knn().predict(labelled(sparse.csr_matrix(known), labels), sparse.csr_matrix(asked))
    assert (dense == thin).all()


def test_the_nearer_outvote_the_more():
    known = np.array([[1.0, 0.0], [0.6, 0.8], [0.6, 0.8]], np.float32)
    near, many = np.array([[1.0, 0.1]], np.float32), labelled(known, np.array([0, 1, 1]))
    assert Knn(k=(3,)).predict(many, near) == [0]
    assert Knn(k=(3,), temperature=100.0).predict(many, near) == [1]


def test_standardised_features_have_no_mean_in_common_and_none_outweighs_the_others():
    (known, labels), (asked, wanted) = clusters(300), clusters(200, seed=1)
    scale, shift = np.float32([1, 1, 1, 1, 1, 100]), np.float32([50] * 6)
    wide, far = known * scale + shift, asked * scale + shift
    plain, standardised = Knn(k=(20,), standardised=False), Knn(k=(20,))
    mean, deviation = known.mean(0), known.std(0)
    expected = plain.predict(labelled((known - mean) / deviation, labels), (asked - mean) / deviation)
    found = standardised.predict(labelled(wide, labels), far)
    assert (found == expected).mean() > 0.99
    assert (found == wanted).mean() > (plain.predict(labelled(wide, labels), far) == wanted).mean() + 0.1


def test_rows_of_zeros_stay():
    assert unit_rows(np.zeros((1, 3))).tolist() == [[0, 0, 0]]
    assert unit_rows(sparse.csr_matrix((1, 3))).toarray().tolist() == [[0, 0, 0]]


@pytest.mark.parametrize("ks", [(1, 3, 30, 100), (100, 3, 1, 30)])
def test_the_best_k_is_chosen_on_held_out_training_rows(ks):
    (known, labels), (asked, _) = clusters(300, width=3), clusters(100, seed=1, width=3)
    train = labelled(known, labels)
    kept = held_out(labels, train.groups, 0.2)
    right = {k: (Knn(k=(k,)).predict(train.rows(~kept), known[kept]) == labels[kept]).sum() for k in ks}
    best = max(right, key=lambda k: (right[k], -k))
    assert Knn(k=ks).choose(train) == best
    assert (Knn(k=ks).predict(train, asked) == Knn(k=(best,)).predict(train, asked)).all()
    assert len(set(right.values())) > 1


def test_where_nothing_can_be_held_out_it_is_the_middle_k():
    assert Knn(k=(5, 1, 3)).choose(labelled(np.eye(2, dtype=np.float32), np.array([0, 1]))) == 3
