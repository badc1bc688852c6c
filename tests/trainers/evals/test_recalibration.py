import numpy as np
import pytest
import torch
from torch import nn

from headrace.trainers.data import DataFacts
from headrace.trainers.evals.base import Labelled
from headrace.trainers.evals.features import network_features
from headrace.trainers.evals.labels import ProbeRecipe, Selector, labelled_records
from headrace.trainers.evals.methods.knn import Knn
from headrace.trainers.evals.recalibration import batch_norms, calibrate, calibration_rows, recalibrated
from headrace.trainers.layers.batch_norm import grouped
from headrace.trainers.samples.views.central import central_view
from headrace.trainers.samples.views.pictures import picture_of

CPU = torch.device("cpu")


class Squares:
    """A pretext that shows the central square of a picture."""

    def plain_views(self, record):
        return [{"view": central_view(picture_of(record, ("png",)), 8, 1)}]


class Residual(nn.Module):
    """Blocks with BatchNorm, as in a ResNet; the head is not on the way to the features."""

    def __init__(self, depth=6, width=8):
        super().__init__()
        self.stem = nn.Conv2d(1, width, 3)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()) for _ in range(depth)
        )
        self.head = nn.BatchNorm1d(width)

    def features(self, batch):
        states = self.stem(batch["view"].float() / 255)
        for block in self.blocks:
            states = states + block(states)
        return states.mean((2, 3))


@pytest.fixture
def records(images):
    return labelled_records(ProbeRecipe(label=Selector(field="label")), DataFacts.of(images))


@pytest.fixture(params=["torch's own", "grouped"])
def network(request):
    torch.manual_seed(0)
    made = Residual()
    return grouped(made) if request.param == "grouped" else made


def test_a_batch_of_all_rows_gives_what_training_on_it_would(network, records):
    rows = calibration_rows(np.arange(48))
    calibrate(network, Squares(), records, rows, CPU)
    torch.manual_seed(0)
    reference = Residual().train()
    for norm in reference.modules():
        if isinstance(norm, nn.BatchNorm2d):
            norm.momentum = 1.0
    views = np.stack([Squares().plain_views(record)[0]["view"] for record in records.some(rows)])
    with torch.no_grad():
        trained_on = reference.features({"view": torch.from_numpy(views)})
    for ours, theirs in zip(network.blocks, reference.blocks, strict=True):
        n = 48 * 36
        torch.testing.assert_close(ours[1].running_mean, theirs[1].running_mean)
        torch.testing.assert_close(ours[1].running_var, theirs[1].running_var * (n - 1) / n)
    found = network_features(network, Squares(), iter(records.some(rows)), CPU, lambda steps: None)
    np.testing.assert_allclose(found, trained_on, rtol=1e-4, atol=1e-5)


def test_moments_are_exact_over_several_batches(network, records, monkeypatch):
    monkeypatch.setattr("headrace.trainers.evals.recalibration._BATCH", 10)
    given = []
    network.blocks[0][1].register_forward_pre_hook(lambda norm, inputs: given.append(inputs[0]))
    calibrate(network, Squares(), records, calibration_rows(np.arange(48)), CPU)
    assert len(given) == 5
    together = torch.cat(given).double()
    torch.testing.assert_close(network.blocks[0][1].running_mean.double(), together.mean((0, 2, 3)))
    variance = together.var((0, 2, 3), correction=0)
    torch.testing.assert_close(network.blocks[0][1].running_var.double(), variance, rtol=1e-5, atol=1e-7)


def test_the_networks_own_statistics_come_back(network, records):
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with recalibrated(network, Squares(), records, calibration_rows(np.arange(48)), CPU):
        assert (network.blocks[0][1].running_mean != 0).all()
        assert (network.head.running_mean == 0).all()
    after = network.state_dict()
    assert all((before[name] == after[name]).all() for name in before)
    assert network.training


def test_an_untrained_network_without_is_blind(records):
    """In a deep one the biases are all that is left, and every picture looks alike; single precision sees no more."""

    class Plain(Residual):
        def features(self, batch):
            states = self.stem(batch["view"].float() / 255)
            for block in self.blocks:
                states = block(states)
            return states.mean((2, 3))

    torch.manual_seed(0)
    network = Plain(depth=12)

    def found():
        features = network_features(network, Squares(), records.records(), CPU, lambda steps: None)
        some, others = np.arange(0, 48, 3), np.setdiff1d(np.arange(48), np.arange(0, 48, 3))
        known = Labelled(features, records.labels, records.groups)
        classes = Knn(k=(1,), standardised=False).predict(known.rows(some), features[others])
        return (classes == records.labels[others]).mean(), features.std(0).sum() / features.mean(0).sum()

    blind, spread = found()
    assert spread < 1e-3
    with recalibrated(network, Squares(), records, calibration_rows(np.arange(48)), CPU):
        seeing, spread = found()
    assert spread > 0.1
    assert seeing > 0.9 > blind


def test_a_network_without_batchnorm_is_not_run(records):
    class Never(nn.Linear):
        def features(self, batch):
            raise AssertionError

    with recalibrated(Never(1, 1), Squares(), records, calibration_rows(np.arange(48)), CPU):
        assert batch_norms(Never(1, 1)) == []


def test_the_sample_is_mixed_and_of_training_records_alone():
    train = np.arange(0, 10_000, 2)
    rows = calibration_rows(train)
    assert len(rows) == len(np.unique(rows)) == 2048
    assert np.isin(rows, train).all()
    assert abs(np.corrcoef(rows, np.arange(2048))[0, 1]) < 0.1
