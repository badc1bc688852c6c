import json
from pathlib import Path

import numpy as np
import pytest

from headrace.shards.base.errors import InputError, RecipeError
from headrace.trainers.evals.examination import Candidate, Examination
from headrace.trainers.evals.methods.cloze import Cloze
from headrace.trainers.evals.results import UNTRAINED
from headrace.trainers.evaluate import evaluate
from headrace.trainers.loop import train
from headrace.trainers.recipe import read_recipe
from headrace.trainers.runs import Run

WORDS = {"cats": "the cat purrs and climbs a tall tree", "dogs": "a dog barks while it runs over the wide field"}


def written(path, items):
    path.write_text("".join(json.dumps(each) + "\n" for each in items))
    return str(path)


@pytest.fixture
def items(tmp_path):
    """Which word goes on like a document? Choices of one length, so that the two metrics agree."""
    rng = np.random.default_rng(0)
    cats, dogs = (sorted(set(WORDS[name].split()) - {"the", "a"}) for name in WORDS)
    made = []
    for number in range(30):
        own, others = (cats, dogs) if number % 2 else (dogs, cats)
        choices = [rng.choice(own), rng.choice(others)]
        made.append({"context": " ".join(rng.choice(own, 5)), "choices": choices[:: 1 if number % 3 else -1]})
        made[-1]["answer"] = 0 if number % 3 else 1
    return written(tmp_path / "test.jsonl", made[:20]), written(tmp_path / "train.jsonl", made[20:])


@pytest.fixture
def exam_of(recipe_of, tmp_path):
    def make(pretext):
        run = Run.of(read_recipe(recipe_of(pretext)), tmp_path / "run")
        return Examination(run), run.untrained()

    return make


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pretext", "overrides"), [("causal_lm", ["batch_size=8"]), ("mlm", ["pretext.mlm.share=0.3"])]
)
def test_a_trained_network_chooses_better_than_an_untrained_one_and_chance(
    recipe_of, tmp_path, items, pretext, overrides
):
    evals = [{"cloze": {"file": items[0]}}]
    sizes = {"steps": 300, "batch_size": 32, "checkpoint_every": 300, "log_every": 300}
    path = recipe_of(pretext, **sizes, evals=evals, probe=None, optimizer={"lr": 5e-3})
    train(read_recipe(path, overrides), tmp_path / "run")
    found = evaluate(Run.open(tmp_path / "run"))
    value = {(each.subject, each.metric): each.value for each in found.scores}
    assert value["trained, 300 steps", "accuracy"] >= 0.75 > value["untrained", "accuracy"]
    assert value["chance", "accuracy"] == 0.5
    assert value["the commonest answer", "accuracy"] == pytest.approx(0.65)
    assert {each.evaluation for each in found.scores} == {"cloze file=test.jsonl"}
    assert "carry no certificate" in found.coverages[0].warning
    assert found.tables["language"].warning == found.coverages[0].warning


def test_the_prompt_holds_solved_examples_and_scores_the_choice_alone(exam_of, items):
    exam, _ = exam_of("causal_lm")
    method = Cloze(file=items[0], shots=2, train_file=items[1])
    method.check(exam)
    examples, item = method.examples(0), method.tested.items[0]
    assert examples == method.examples(0) != method.examples(1)
    first, second, rest = examples.split("\n\n")
    known = [json.loads(line) for line in Path(items[1]).read_text().splitlines()]
    solved = [f"{each['context']} {each['choices'][each['answer']]}" for each in known]
    assert {first, second} < set(solved)
    assert rest == ""
    passage = method.passage(exam, examples, item, item.choices[1])
    decode = exam.data.tokenizer.decode
    assert decode(passage.tokens.tolist()) == f"{examples}{item.context} {item.choices[1]}"
    assert decode(passage.tokens[passage.first :].tolist()) == f" {item.choices[1]}"


def test_a_choice_that_nothing_precedes_is_scored_from_its_first_token(exam_of, tmp_path):
    exam, _ = exam_of("causal_lm")
    place = written(tmp_path / "a.jsonl", [{"context": " ", "choices": ["a cat", "a dog"], "answer": 0}])
    method = Cloze(file=place)
    passage = method.passage(exam, "", method.tested.items[0], "a cat")
    assert passage.first == 0
    assert exam.data.tokenizer.decode(passage.tokens.tolist()) == "a cat"


def test_words_of_the_text_are_no_special_tokens(exam_of):
    exam, _ = exam_of("causal_lm")
    assert not set(exam.encoded("a [SEP] [MASK]")) & set(exam.data.vocabulary.special)


def test_long_choices_are_more_likely_per_byte_than_in_sum(exam_of, tmp_path):
    exam, network = exam_of("causal_lm")
    long, short = "purrs and climbs a tall tree", "x"
    place = written(tmp_path / "a.jsonl", [{"context": "the cat", "choices": [long, short], "answer": 0}])
    in_sum, per_byte = Cloze(file=place).measure(Candidate(exam, UNTRAINED, network))
    assert (in_sum.totals[0, 0], per_byte.totals[0, 0]) == (0, 1)


def test_examples_must_be_there_and_apart_from_the_test(exam_of, items):
    exam, _ = exam_of("causal_lm")
    with pytest.raises(RecipeError, match="needs solved examples"):
        Cloze(file=items[0], shots=1).check(exam)
    with pytest.raises(InputError, match="20 items, 0 of them not in"):
        Cloze(file=items[0], shots=1, train_file=items[0]).check(exam)
    with pytest.raises(InputError, match="10 items, 10 of them not in"):
        Cloze(file=items[0], shots=11, train_file=items[1]).check(exam)
