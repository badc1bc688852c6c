"""The command under torchrun: spread runs end as those of one process, and each layout continues every other one."""

import os
import subprocess
import sys
import time

import numpy as np
import pytest
from safetensors.numpy import load_file

from headrace.shards.answers import Settings, show_audit
from headrace.trainers.loop import train
from headrace.trainers.metrics import read_metrics
from headrace.trainers.recipe import read_recipe

LLAMA = {
    "type": "llama",
    **{"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64},
}
FSDP = ["parallel.strategy=fsdp"]
# Adam's eps is large, so that a gradient of nearly nothing does not decide a sign; see test_layouts.
SAME = ["optimizer.eps=1e-3", "schedule.name=constant"]


def torchrun(size, *arguments):
    """Run the command in several processes, each on one thread."""
    line = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(size)]
    line += ["-m", "headrace.shards", *map(str, arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(line, env=environment, capture_output=True, text=True, check=False, timeout=300)


def exported(folder):
    return load_file(folder / "export/model.safetensors")


@pytest.mark.slow
def test_each_layout_continues_every_other_one(recipe_of, tmp_path, capsys):
    path = recipe_of("causal_lm", backbone=LLAMA)
    train(read_recipe(path, SAME), tmp_path / "alone")
    folder = tmp_path / "by turns"
    for steps, layout in ((2, FSDP), (4, [*FSDP, "parallel.tensor=2"]), (6, FSDP)):
        done = torchrun(2, "train", path, *SAME, *layout, f"steps={steps}", "--out", folder)
        assert done.returncode == 0, done.stderr
    pairs = zip(read_metrics(tmp_path / "alone"), read_metrics(folder), strict=True)
    for one, other in pairs:
        assert other["loss"] == pytest.approx(one["loss"], rel=1e-4)
        assert other["grad_norm"] == pytest.approx(one["grad_norm"], rel=1e-3)
    one, other = exported(tmp_path / "alone"), exported(folder)
    assert one.keys() == other.keys()
    for name, weight in one.items():
        np.testing.assert_allclose(other[name], weight, rtol=1e-3, atol=1e-5, err_msg=name)
    # And one process alone goes on from there.
    train(read_recipe(path, [*SAME, "steps=7"]), folder)
    assert [line["step"] for line in read_metrics(folder)] == list(range(1, 8))
    # Of processes that read the same rows, one logged them.
    settings = Settings(read_recipe(path).model.data.url, seed=0, lanes=1, block=None, window=None, batch_size=1)
    show_audit(settings, folder, folder / "checkpoints/step-00000007/state.json")
    assert "Each of these positions was consumed exactly once" in capsys.readouterr().out


# A pretext of a user's own, one process of which kills itself after the third step, once: when the file is there.
DYING = """
import os, signal
from pathlib import Path
from headrace.trainers.pretext.causal_lm import CausalLm, CausalLmObjective

class Dying(CausalLm):
    def objective(self, backbone):
        objective = super().objective(backbone)
        objective.__class__ = DyingObjective
        return objective

class DyingObjective(CausalLmObjective):
    def after_step(self, step, steps):
        flag = Path(__file__).with_name("die")
        if step == 3 and os.environ.get("RANK") == "{rank}" and flag.exists():
            flag.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.slow
@pytest.mark.parametrize("rank", [0, 1])
def test_a_process_that_is_killed_is_named_and_the_same_line_goes_on(recipe_of, tmp_path, rank):
    path = recipe_of("causal_lm", backbone=LLAMA, batch_size=12)
    (tmp_path / "dying.py").write_text(DYING.format(rank=rank))
    path.write_text(path.read_text().replace("  causal_lm:", "  dying.py:Dying:"))
    line = [3, "train", path, *FSDP, "--out"]
    assert torchrun(*line, tmp_path / "whole").returncode == 0
    (tmp_path / "die").write_text("")
    began = time.monotonic()
    stopped = torchrun(*line, tmp_path / "killed")
    assert stopped.returncode != 0
    assert time.monotonic() - began < 120
    assert stopped.stderr.count(f"rank {rank} of 3 processes was lost") == 1
    assert "Found: it gave no sign for 15 seconds: it was killed, or its machine is gone" in " ".join(
        stopped.stderr.split()
    )
    assert [each.name for each in (tmp_path / "killed/checkpoints").glob("step-*")] == ["step-00000002"]
    assert torchrun(*line, tmp_path / "killed").returncode == 0
    for folder in ("whole", "killed"):
        assert [each["step"] for each in read_metrics(tmp_path / folder)] == [1, 2, 3, 4, 5, 6]
    pairs = zip(read_metrics(tmp_path / "whole"), read_metrics(tmp_path / "killed"), strict=True)
    assert all(one["loss"] == other["loss"] for one, other in pairs)
    one, other = exported(tmp_path / "whole"), exported(tmp_path / "killed")
    assert all((one[name] == other[name]).all() for name in one)
