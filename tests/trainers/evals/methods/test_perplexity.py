import json

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from headrace.shards.base.errors import RecipeError
from headrace.trainers.evals.examination import Candidate, Examination
from headrace.trainers.evals.methods.perplexity import Perplexity
from headrace.trainers.evals.results import UNTRAINED
from headrace.trainers.evaluate import evaluate
from headrace.trainers.loop import train
from headrace.trainers.recipe import read_recipe
from headrace.trainers.runs import Run

WORDS = ("the cat purrs and climbs a tall tree", "a dog barks while it runs over the wide field")


@pytest.fixture
def exam_of(recipe_of, tmp_path):
    def make(pretext):
        run = Run.of(read_recipe(recipe_of(pretext)), tmp_path / "run")
        return Examination(run), run.untrained()

    return make


def test_the_numbers_are_those_of_transformers_and_of_the_text(exam_of):
    exam, network = exam_of("causal_lm")
    method = Perplexity(documents=5)
    bits, tokens = method.measure(Candidate(exam, UNTRAINED, network))
    nats, words, size = 0.0, 0, 0
    for document in method.read(exam):
        sequence = torch.tensor([exam.data.vocabulary.sep, *document])
        for start in range(0, len(document), 16):
            begin = max(0, min(start, len(document) - 16))
            with torch.no_grad():
                logits = network.backbone.eval()(sequence[None, begin : begin + 16]).logits[0]
            costs = F.cross_entropy(logits, sequence[begin + 1 : begin + 17], reduction="none")
            nats += costs[start - begin :].sum().item()
        words += len(document)
        size += len(exam.data.tokenizer.decode(document.tolist()).encode())
    assert bits.value == pytest.approx(nats / np.log(2) / size, rel=1e-5)
    assert tokens.value == pytest.approx(np.exp(nats / words), rel=1e-5)
    assert bits.totals.shape == (1, 5)


def test_documents_are_whole_and_bytes_exact(exam_of):
    exam, _ = exam_of("causal_lm")
    documents = Perplexity().read(exam)
    assert len(documents) == 40
    assert not any(np.isin(exam.data.vocabulary.special, document).any() for document in documents)
    (deflate,) = Perplexity().beside(exam)["DEFLATE"]
    text = exam.data.tokenizer.decode(documents[0].tolist())
    assert set(text.split()) <= set(" ".join(WORDS).split())
    assert deflate.weights[0] == len(text)
    assert len(Perplexity(documents=7).read(exam)) == 7


def test_a_trained_network_is_beyond_the_frequencies_of_tokens(recipe_of, tmp_path, texts):
    path = recipe_of("causal_lm", steps=150, checkpoint_every=150, evals=[{"perplexity": {"url": texts}}], probe=None)
    train(read_recipe(path, ["optimizer.lr=1e-2"]), tmp_path / "run")
    found = evaluate(Run.open(tmp_path / "run"))
    value = {(each.subject, each.metric): each.value for each in found.scores}
    bits = [value[name, "bits per byte"] for name in ("trained, 150 steps", "frequencies of tokens", "untrained")]
    assert bits == sorted(bits)
    assert value["untrained", "perplexity per token"] == pytest.approx(320, rel=0.3)
    assert (found.coverages[0].verdict, list(found.tables)) == ("seen", ["language"])
    best = found.scores[0]
    assert best.over_untrained.interval[1] < 0
    assert best.better == "less"
    written = json.loads((tmp_path / "run" / "evals.json").read_text())
    assert written["scores"][0]["metric"] == "bits per byte"


def test_what_gives_no_text_a_likelihood_is_refused(exam_of, images):
    exam, network = exam_of("mlm")
    with pytest.raises(RecipeError, match="hidden tokens"):
        Perplexity().measure(Candidate(exam, UNTRAINED, network))
    with pytest.raises(RecipeError, match="shards that are no tokens"):
        Perplexity(url=images).check(exam)
    with pytest.raises(RecipeError, match="'perplexity' is for language models"):
        Perplexity().check(exam_of("mae")[0])
