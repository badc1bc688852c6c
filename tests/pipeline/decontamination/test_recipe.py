"""What of decontamination is told before anything runs."""

import json

import pytest

from headrace.pipeline.build import prepare
from headrace.shards.base.errors import InputError, RecipeError

EDITS = """
from dataclasses import dataclass
import numpy as np
from headrace.pipeline.filters.base import Measures, RuleFilter

@dataclass(frozen=True)
class Shorten(RuleFilter):
    rules = ()
    edits = True

    def measure(self, batch):
        return Measures({})
"""


@pytest.fixture
def plan(tmp_path):
    (tmp_path / "in.jsonl").write_text('{"text": "a"}\n')
    (tmp_path / "own.py").write_text(EDITS)
    (tmp_path / "exam.jsonl").write_text('{"text": "b"}\n')

    def make(*stages):
        path = tmp_path / "r.yaml"
        path.write_text(f"inputs: [{{path: in.jsonl}}]\nstages: {json.dumps(stages)}\noutput: {{format: jsonl}}\n")
        return prepare(path, ())

    return make


def decontaminate(action="drop", field="text", **more):
    return {"decontaminate": {"benchmarks": [{"file": "exam.jsonl", "fields": [field]}], "action": action, **more}}


def test_a_filter_that_edits_may_not_stand_behind_what_certifies(plan):
    plan("own.py:Shorten", decontaminate())
    plan(decontaminate("report"), "own.py:Shorten", decontaminate("cut"))
    for stages in [
        (decontaminate(), "own.py:Shorten"),
        (decontaminate("cut"), "own.py:Shorten"),
        (decontaminate(), decontaminate("cut")),
    ]:
        with pytest.raises(RecipeError, match="stands behind 'decontaminate'"):
            plan(*stages)


def test_a_benchmark_without_the_field_is_told_before_anything_runs(plan):
    with pytest.raises(InputError, match="no field 'question' in line 1"):
        plan(decontaminate(field="question"))


def test_what_contradicts_itself_is_refused(plan, tmp_path):
    with pytest.raises(RecipeError, match="'unit: tokens' with a 'tokenizer'"):
        plan(decontaminate(unit="tokens"))
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(InputError, match="is no tokenizer"):
        plan(decontaminate(unit="tokens", tokenizer="tokenizer.json"))
    with pytest.raises(RecipeError, match=r"there is no file .*none\.txt"):
        plan(decontaminate(exclude="none.txt"))
    with pytest.raises(RecipeError, match="cut"):
        plan(decontaminate("cutt"))


def test_to_cut_behind_a_dedup_stage_is_refused(plan):
    plan("exact_dedup", decontaminate())
    with pytest.raises(RecipeError, match="stands behind a dedup stage"):
        plan("exact_dedup", decontaminate("cut"))
