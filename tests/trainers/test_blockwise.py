"""Blocks that are compiled, or computed again: the same gradients, the same checkpoints, less memory."""

import copy
from functools import partial

import numpy as np
import pytest
import torch

from headrace.shards.base.errors import RecipeError
from headrace.trainers.blockwise import compile_blocks, recompute
from headrace.trainers.distributed import ALONE
from headrace.trainers.evals.examination import Candidate, Examination
from headrace.trainers.loop import take_step, train
from headrace.trainers.metrics import read_metrics
from headrace.trainers.recipe import read_recipe
from headrace.trainers.runs import Run
from headrace.trainers.state import start
from headrace.trainers.step import backward

TINY = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
DROPOUT = {"hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1}
NETWORKS = {
    "vit": ("mae", {"type": "vit", **TINY, **DROPOUT}),
    "bert": ("mlm", {"type": "bert", **TINY, **DROPOUT}),
    "modernbert": ("mlm", {"type": "modernbert", **TINY}),
    "gpt2": ("causal_lm", {"type": "gpt2", "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}),
    "llama": ("causal_lm", {"type": "llama", **TINY}),
    "cifar_resnet": ("simclr", {"type": "cifar_resnet", "hidden_sizes": [8, 16], "depths": [2, 2]}),
    "mixtral": ("causal_lm", {"type": "mixtral", "num_key_value_heads": 2, "num_local_experts": 4, **TINY}),
}


def gradients(run):
    """Of a batch, in two micro-batches; and how many bytes the pass backward was left."""
    state, kept = start(run, ALONE), {}

    def note(tensor):
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    batch = state.finish(next(iter(state.loader)))
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        backward(state.objective, state.parallel, batch, ALONE, accumulate=2)
    for each in state.objective.parameters():
        kept.pop(each.untyped_storage().data_ptr(), None)
    return {name: each.grad for name, each in state.objective.named_parameters()}, sum(kept.values())


def opened(recipe_of, tmp_path, network, *overrides):
    pretext, backbone = NETWORKS[network]
    return Run.of(read_recipe(recipe_of(pretext, backbone=backbone), overrides), tmp_path / "run")


@pytest.mark.parametrize("network", NETWORKS)
def test_gradients_of_blocks_computed_again_are_the_same_and_less_is_kept(recipe_of, tmp_path, network):
    plain, much = gradients(opened(recipe_of, tmp_path, network))
    again, little = gradients(opened(recipe_of, tmp_path, network, "activation_checkpointing=true"))
    assert again.keys() == plain.keys()
    for name, gradient in plain.items():
        torch.testing.assert_close(again[name], gradient, rtol=0, atol=0, msg=name)
    assert little < 0.7 * much


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # torch's compiler does what torch warns of
@pytest.mark.parametrize("network", ["vit", "llama"])
def test_a_compiled_run_and_one_that_is_not_continue_each_other(recipe_of, tmp_path, network):
    pretext, backbone = NETWORKS[network]
    path = recipe_of(pretext, backbone={**backbone, **dict.fromkeys(DROPOUT.keys() & backbone.keys(), 0.0)})
    same = ["schedule.name=constant", "optimizer.eps=1e-3"]
    train(read_recipe(path, same), tmp_path / "plain")
    for steps, compiled in ((3, "true"), (6, "false")):
        changes = [f"steps={steps}", f"compile={compiled}", f"activation_checkpointing={compiled}"]
        train(read_recipe(path, [*same, *changes]), tmp_path / "by turns")
    pairs = zip(read_metrics(tmp_path / "plain"), read_metrics(tmp_path / "by turns"), strict=True)
    for one, other in pairs:
        # Compiled code adds up in another order.
        assert other["loss"] == pytest.approx(one["loss"], rel=1e-4)


def test_a_copy_computes_its_own_blocks_again_and_evaluation_computes_nothing_twice(recipe_of, tmp_path):
    run = opened(recipe_of, tmp_path, "llama", "activation_checkpointing=true")
    state = start(run, ALONE)
    batch, teacher = state.finish(next(iter(state.loader))), copy.deepcopy(state.objective)
    seen = []
    for objective in (state.objective, teacher):
        block = objective.backbone.model.layers[0]
        block.self_attn.register_forward_pre_hook(lambda *_, which=objective: seen.append(which))
    for training, times in ((True, 2), (False, 1)):
        seen.clear()
        teacher.train(training)(batch).terms["tokens"].backward()
        assert seen == [teacher] * times


@pytest.fixture
def ran(monkeypatch):
    """Makes torch compile to what it would compute anyway, which takes a compiler no time; what of it was called."""
    called = []

    def plainly(graph, inputs):
        def run(*given):
            called.append(graph)
            return graph.forward(*given)

        return run

    torch._dynamo.reset()
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend=plainly))
    return called


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # torch's compiler does what torch warns of
def test_blocks_that_are_all_unlike_are_all_compiled(recipe_of, tmp_path, ran):
    backbone = {"type": "cifar_resnet", "hidden_sizes": [8, 12, 16, 20, 24], "depths": [1, 1, 1, 1, 1]}
    state = start(
        Run.of(read_recipe(recipe_of("simclr", backbone=backbone), ["compile=true"]), tmp_path / "run"), ALONE
    )
    batch = state.finish(next(iter(state.loader)))
    for _ in range(2):
        ran.clear()
        for learning in (False, True):
            with torch.set_grad_enabled(learning):
                state.objective.embed(batch)
    assert len(ran) == len(set(ran)) == 2 * 5


@pytest.mark.filterwarnings("ignore")  # torch's compiler does what torch warns of
def test_a_copy_of_what_is_compiled_computes_with_its_own_parameters(recipe_of, tmp_path, ran):
    state = start(opened(recipe_of, tmp_path, "vit", "compile=true"), ALONE)
    batch = state.finish(next(iter(state.loader)))
    teacher = copy.deepcopy(state.objective)
    with torch.no_grad():
        for each in teacher.backbone.layers.parameters():
            each.zero_()
    # Blocks of nothing but zeros give on what they are given.
    given = []
    for objective in (state.objective, teacher):
        block = objective.backbone.layers[0]
        block.register_forward_hook(lambda block, inputs, output: given.append((inputs[0], output)))
        objective(batch)
    assert ran
    (entered, left), (same, unchanged) = given
    assert not torch.equal(entered, left)
    assert torch.equal(same, unchanged)


@pytest.mark.filterwarnings("ignore")  # torch's compiler does what torch warns of
def test_evaluations_look_into_a_compiled_network_as_into_any_other(recipe_of, tmp_path, ran):
    found = {}
    for compiled in ("true", "false"):
        run = Run.of(read_recipe(recipe_of("simclr"), [f"compile={compiled}"]), tmp_path / compiled)
        state, exam = start(run, ALONE), Examination(run)
        exam.check()
        found[compiled] = [Candidate(exam, "in training", state.objective).features]
        take_step(run, ALONE, state, next(iter(state.loader)))
        found[compiled].append(Candidate(exam, "in training", state.objective).features)
    assert ran
    for one, other in zip(found["true"], found["false"], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


def test_networks_that_cannot_are_refused():
    objective = torch.nn.Sequential(torch.nn.Linear(2, 2))
    with pytest.raises(RecipeError, match=r"compile: it is not known where.*no network of transformers"):
        compile_blocks(objective)
    with pytest.raises(RecipeError, match=r"activation_checkpointing: it is not known where"):
        recompute(objective)


def statistics(recipe_of, tmp_path, *overrides):
    """The running ones of BatchNorm, after two steps."""
    run = Run.of(read_recipe(recipe_of("simclr"), ["norm_group=4", *overrides]), tmp_path / "run")
    state = start(run, ALONE)
    batches = iter(state.loader)
    for _ in range(2):
        take_step(run, ALONE, state, next(batches))
    return {name: each for name, each in state.objective.state_dict().items() if "running" in name}


def test_what_is_computed_again_counts_once_for_batch_norm(recipe_of, tmp_path):
    plain = statistics(recipe_of, tmp_path)
    again = statistics(recipe_of, tmp_path, "activation_checkpointing=true", "accumulate=2")
    assert len(plain) > 4
    for name, each in plain.items():
        torch.testing.assert_close(again[name], each, msg=name)
