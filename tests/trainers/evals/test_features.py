import numpy as np
import pytest
import torch

from headrace.shards.base.errors import TrainingError
from headrace.trainers.evals.features import network_features


class Views:
    """A pretext whose records are lists of numbers, each of them a view."""

    def plain_views(self, record):
        return [{"number": np.float32([each])} for each in record]


class Squares(torch.nn.Module):
    def features(self, batch):
        assert not self.training
        return torch.cat((batch["number"], batch["number"] ** 2), dim=1)


def test_a_records_features_are_the_mean_over_its_views():
    done = []
    records = [[1.0], [1.0, 3.0], [2.0, 2.0, 5.0]] * 50
    features = network_features(Squares(), Views(), iter(records), torch.device("cpu"), done.append)
    np.testing.assert_allclose(features, np.array([[1, 1], [2, 5], [3, 11]] * 50))
    assert features.dtype == np.float32
    assert sum(done) == 150


def test_what_is_not_finite_is_refused():
    class Diverged(Squares):
        def features(self, batch):
            return super().features(batch) / 0

    with pytest.raises(TrainingError, match="in 3 of 3 rows"):
        network_features(Diverged(), Views(), [[1.0], [2.0], [3.0]], torch.device("cpu"), lambda steps: None)
