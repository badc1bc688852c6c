import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from headrace.trainers.evals.base import Labelled
from headrace.trainers.evals.methods.linear_probe import LinearProbe
from headrace.trainers.evals.splits import held_out


def noisy(rows, seed=0, width=20):
    rng = np.random.default_rng(seed)
    labels = rng.integers(3, size=rows)
    features = rng.normal(size=(rows, width)) * np.linspace(0.1, 10, width) + 3
    features[np.arange(rows), labels] += 0.2
    return features.astype(np.float32), labels


def reference(train, labels, test, c):
    scaler = StandardScaler().fit(train)
    return LogisticRegression(C=c, max_iter=200).fit(scaler.transform(train), labels).predict(scaler.transform(test))


def test_the_probe_is_scikit_learns_with_the_best_c():
    (known, labels), (asked, _) = noisy(300), noisy(100, seed=1)
    groups = np.arange(300) // 3
    probe, train = LinearProbe(grid=(10.0, 1e-3, 0.1)), Labelled(known, labels, groups)
    kept = held_out(labels, groups, 0.2)
    scores = {
        c: (reference(known[~kept], labels[~kept], known[kept], c) == labels[kept]).mean() for c in sorted(probe.grid)
    }
    best = max(scores, key=lambda c: (scores[c], -c))
    assert probe.choose(train) == best
    assert (probe.predict(train, asked) == reference(known, labels, asked, best)).all()


def test_the_test_rows_have_no_part_in_the_choice():
    known, labels = noisy(200)
    train, probe = Labelled(known, labels, np.arange(200)), LinearProbe()
    assert (probe.predict(train, known[:5]) == probe.predict(train, known)[:5]).all()


def test_sparse_features_are_not_centred():
    known, labels = noisy(200)
    known = np.maximum(known - 3, 0)
    found = LinearProbe(grid=(1.0,)).predict(Labelled(sparse.csr_matrix(known), labels, np.arange(200)), known)
    scaler = StandardScaler(with_mean=False).fit(known)
    model = LogisticRegression(C=1.0, max_iter=200).fit(scaler.transform(known), labels)
    assert (found == model.predict(scaler.transform(known))).mean() > 0.99


def test_a_handful_of_rows_is_enough():
    for rows in (2, 3, 4, 8):
        for seed in range(10):
            features, _ = noisy(rows, seed)
            labels = np.arange(rows) % 2
            train = Labelled(features, labels, np.arange(seed, seed + rows))
            assert LinearProbe().predict(train, features).shape == (rows,)
    assert LinearProbe(grid=(1.0, 5.0, 3.0)).choose(train.rows(np.arange(2))) == 3.0
