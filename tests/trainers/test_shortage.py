"""Too little memory: real, of the host, and what is said of it."""

import os
import subprocess
import sys

import pytest
import torch
from torch import distributed as dist

from headrace.shards.base.errors import TrainingError
from headrace.trainers.metrics import read_metrics
from headrace.trainers.recipe import read_recipe
from headrace.trainers.shortage import memory_advice

# Everything that is imported is there before the limit is set: what then fails is a step.
LIMITED = """
import resource, sys
import torch
from pathlib import Path
from headrace.shards.cli import main
from headrace.trainers import console, loop, step
from headrace.trainers.recipe import read_recipe

torch.set_num_threads(1)
console.run_train(Path(sys.argv[2]), sys.argv[5:], Path(sys.argv[4]))
used = 4096 * int(Path("/proc/self/statm").read_text().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (used + 2**28, used + 2**28))
sys.argv += ["steps=4", "accumulate=1"]
main()
"""


@pytest.mark.slow
def test_a_step_for_which_memory_does_not_suffice_says_what_to_change(recipe_of, tmp_path):
    path = recipe_of("mlm", batch_size=1024)
    line = ["train", str(path), "--out", str(tmp_path / "run"), "pretext.mlm.length=64", "steps=2", "accumulate=64"]
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, *line],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == TrainingError.exit_code, done.stderr
    said = " ".join(done.stderr.split())
    assert "Error: there is not enough memory for a step. Found: " in said
    assert "DefaultCPUAllocator: can't allocate memory" in said
    assert "Try more micro-batches (accumulate=2)" in said
    assert [each["step"] for each in read_metrics(tmp_path / "run")] == [1, 2]


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), MemoryError()]
)
def test_only_what_is_not_in_use_yet_is_advised(recipe_of, error):
    changes = ["accumulate=4", "activation_checkpointing=true", "precision=bf16", "parallel.strategy=fsdp"]
    with pytest.raises(TrainingError) as caught, memory_advice(read_recipe(recipe_of("mae"), changes).model):
        raise error
    assert "Try more micro-batches (accumulate=8), with the same gradients or a smaller batch_size" in str(caught.value)
    with pytest.raises(TrainingError) as caught, memory_advice(read_recipe(recipe_of("mae")).model):
        raise error
    for key in ("accumulate=2", "activation_checkpointing=true", "parallel.strategy=fsdp", "precision=bf16"):
        assert key in str(caught.value)


@pytest.mark.parametrize("kind", [RuntimeError, NotImplementedError, torch.linalg.LinAlgError, dist.DistBackendError])
def test_other_errors_are_left_alone(recipe_of, kind):
    with pytest.raises(kind, match="shapes"), memory_advice(read_recipe(recipe_of("mae")).model):
        raise kind("shapes do not match")
