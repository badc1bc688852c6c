"""The contract of pretexts finds what breaks it: each law is broken by a pretext that is good but for that."""

import re
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from torch import nn

from headrace.pipeline.contracts.check import run_check
from headrace.shards.base.errors import PluginError
from headrace.trainers.contracts.pretexts import FORM, LAWS, MADE, check_pretext
from headrace.trainers.pretext.base import Loss
from headrace.trainers.pretext.mlm import Mlm, MlmObjective

EXAMPLE = Mlm.examples[0]


@dataclass(frozen=True, kw_only=True)
class Good(Mlm):
    examples = (EXAMPLE,)
    kind = MlmObjective

    def objective(self, backbone):
        whole = super().objective(backbone)
        return self.kind(whole.backbone, self.words)


class Averaged(MlmObjective):
    def loss(self, batch):
        told = super().loss(batch)
        return replace(told, terms={"tokens": told.terms["tokens"] / self.targets(batch)["tokens"]})


class Unannounced(MlmObjective):
    def loss(self, batch):
        return replace(super().loss(batch), terms={"words": super().loss(batch).terms["tokens"]})


class Coupled(MlmObjective):
    """Its loss depends on how many rows come along."""

    def loss(self, batch):
        told = super().loss(batch)
        return replace(told, terms={"tokens": told.terms["tokens"] * len(batch["tokens"]) / 8})


class Centred(MlmObjective):
    def loss(self, batch):
        told = super().loss(batch)
        return replace(told, representations=told.representations - told.representations.mean(0))


class Attached(MlmObjective):
    def loss(self, batch):
        return replace(super().loss(batch), representations=self._states(batch).mean(1))


class Idle(MlmObjective):
    def __init__(self, *given):
        super().__init__(*given)
        self.idle = nn.Linear(2, 2)


class Deaf(MlmObjective):
    def loss(self, batch):
        told = super().loss(batch)
        return Loss({"tokens": 0 * told.terms["tokens"] + self.targets(batch)["tokens"]})


class Torn(Averaged):
    """What it does to a batch is as if views were put together view by view: groups of BatchNorm are of no samples."""

    def __init__(self, *given):
        super().__init__(*given)
        self.norm = nn.BatchNorm1d(2)


class Unpooled(MlmObjective):
    def features(self, batch):
        return super().features(batch)[:, :3]


class Impure(Good):
    def sample(self, record, rng):
        return super().sample(record, np.random.default_rng())


class Fickle(Good):
    def of_batch(self, samples, rng):
        return {"share": int(np.random.default_rng().integers(2, 9))}

    def sample(self, record, rng):
        return {**super().sample(record, rng), "share": np.array(record["share"])}


class Growing(Good):
    def sample(self, record, rng):
        made = super().sample(record, rng)
        return {**made, "more": np.zeros(rng.integers(1, 100))}


class Meddling(Good):
    def sample(self, record, rng):
        record["tokens"][0] += 1
        return super().sample(record, rng)


class Apart(Good):
    @property
    def transform(self):
        return lambda record, rng: self.sample(record, rng)


@dataclass(frozen=True, kw_only=True)
class Rooted(Good):
    stays: object = field(default_factory=lambda: lambda: 0)


class Wavering(Good):
    def plain_views(self, record):
        return [{"tokens": np.random.default_rng().integers(4, 20, 16)}]


def with_objective(kind):
    return type(kind.__name__, (Good,), {"kind": kind})


SAMPLE, SHARED, TRANSFORM, TRAVELS, TERMS, ROWS, MICRO, LEARNS, FALLS, VIEWS = LAWS
BROKEN = [
    (Impure, SAMPLE, "the second time"),
    (Growing, SAMPLE, "another shape"),
    (Meddling, SAMPLE, "the record is another one"),
    (Fickle, SHARED, "the second time"),
    (Apart, TRANSFORM, "neither `sample` nor a BatchTransform"),
    (Rooted, TRAVELS, "pickle"),
    (with_objective(Averaged), TERMS, "not their mean"),
    (with_objective(Torn), TERMS, "views, must be neighbours"),
    (with_objective(Unannounced), TERMS, r"has the terms \['words'\], and `targets` \['tokens'\]"),
    (with_objective(Centred), ROWS, "another one in another batch"),
    (with_objective(Attached), ROWS, "have a gradient"),
    (with_objective(Coupled), MICRO, "with 2 micro-batches"),
    (with_objective(Idle), LEARNS, "'idle.weight' gets none"),
    (with_objective(Deaf), FALLS, "within 15 steps"),
    (Wavering, VIEWS, "others the second time"),
    (with_objective(Unpooled), VIEWS, r"features are \(2, 3\), not \(2, 16\)"),
]


def test_a_good_one_breaks_nothing():
    assert check_pretext(Good) == []


@pytest.mark.parametrize(("kind", "law", "what"), BROKEN, ids=lambda value: getattr(value, "__name__", None))
def test_each_breach_is_found(kind, law, what):
    findings = check_pretext(kind)
    assert law in [finding.law for finding in findings]
    told = " ".join(finding.what for finding in findings if finding.law == law)
    assert re.search(what, told), told


def test_every_law_is_broken_by_one():
    assert {law for _, law, _ in BROKEN} == LAWS.keys()


def test_the_form_comes_first():
    assert [finding.law for finding in check_pretext(object)] == [FORM]
    unfrozen = type("Unfrozen", (), {})
    assert [finding.law for finding in check_pretext(unfrozen)] == [FORM]
    without = type("Without", (Good,), {"examples": (), "recipes": {"paper": {}}})
    assert [finding.what for finding in check_pretext(without)] == [
        "its `recipes` have no 'small', which a training recipe stands on unless it says otherwise",
        "it has no `examples` to try it on",
    ]
    unmakeable = type("Unmakeable", (Good,), {"examples": (replace(EXAMPLE, parameters={"length": 2}),)})
    assert [finding.law for finding in check_pretext(unmakeable)] == [MADE]


def test_the_command_prints_each_law(tmp_path, capsys):
    source = "from headrace.trainers.pretext.mlm import Mlm\nclass Mine(Mlm):\n    examples = ()\n"
    (tmp_path / "mine.py").write_text(source)
    run_check("mae")
    assert capsys.readouterr().out.count("holds") == 2 + len(LAWS)
    with pytest.raises(PluginError, match=r"the pretext '.*mine\.py:Mine' breaks its contract"):
        run_check(f"{tmp_path / 'mine.py'}:Mine")
    assert f"not run {SAMPLE}" in capsys.readouterr().out
