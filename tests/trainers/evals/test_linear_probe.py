import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from headrace.trainers.evals.base import Labelled
from headrace.trainers.evals.linear_probe import LinearProbe, in_share


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
    held_out = in_share(groups, 0.2, "linear probe")
    scores = {
        c: (reference(known[~held_out], labels[~held_out], known[held_out], c) == labels[held_out]).mean()
        for c in sorted(probe.grid)
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


def test_a_group_is_on_one_side_and_the_share_is_right():
    groups = np.random.default_rng(0).integers(2000, size=10_000)
    drawn = in_share(groups, 0.3, "test")
    for group in range(50):
        assert len(set(drawn[groups == group])) <= 1
    assert abs(in_share(np.arange(20_000), 0.3, "test").mean() - 0.3) < 0.02
    assert (in_share(groups, 0.3, "test") != in_share(groups, 0.3, "linear probe")).any()
