"""What frameworks do to a loader, as docs/frameworks.md says."""

import json
import subprocess
import sys
import warnings

import pytest
import torch

from headrace.shards.stream import Stream

WINDOW, ROWS = 8, 12
INSTALL = "install it with `pip install 'headrace[frameworks]'`"


@pytest.fixture
def stream(counted):
    return Stream(counted, window=WINDOW, seed=1)


@pytest.fixture
def accelerate():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("accelerate", reason=f"accelerate is not installed; {INSTALL}")


@pytest.fixture
def lightning():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("lightning.pytorch", reason=f"lightning is not installed; {INSTALL}")


def ids(batches):
    return [batch["__id__"].tolist() for batch in batches]


def test_accelerate_prepares_no_loader(stream, accelerate):
    loader = stream.loader(ROWS, steps=4)
    accelerator = accelerate.Accelerator(cpu=True)
    assert accelerator.prepare(loader) is loader
    assert accelerator.prepare(loader.dataloader) is not loader.dataloader


def test_accelerate_deals_batches_out_again_where_it_finds_a_dataloader(stream, accelerate):
    from accelerate.data_loader import prepare_data_loader

    accelerate.PartialState(cpu=True)
    mine = ids(stream.loader(ROWS, rank=0, world_size=2, steps=4))
    inner = stream.loader(ROWS, rank=0, world_size=2, steps=4).dataloader
    again = [prepared.batch for prepared in prepare_data_loader(inner, num_processes=2, process_index=0)]
    assert ids(again) == mine[::2]


@pytest.mark.slow
@pytest.mark.skipif(torch.cuda.is_available(), reason="on a machine with GPUs the processes join")
@pytest.mark.parametrize(("cpu", "processes"), [(False, 1), (True, 2)])
def test_accelerate_joins_processes_without_gpus_only_when_told(accelerate, cpu, processes):
    program = f"from accelerate import Accelerator; print(f'{{Accelerator(cpu={cpu}).num_processes}} ', end='')"
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*torchrun, "--no-python", sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [str(processes)] * 2


def test_accelerate_saves_the_state_of_a_registered_loader(stream, accelerate, tmp_path):
    accelerator = accelerate.Accelerator(cpu=True)
    loader = stream.loader(ROWS, steps=3)
    accelerator.register_for_checkpointing(loader)
    _ = list(loader)
    accelerator.save_state(tmp_path / "saved")
    later = accelerate.Accelerator(cpu=True)
    restored = stream.loader(ROWS)
    later.register_for_checkpointing(restored)
    later.load_state(tmp_path / "saved")
    assert restored.step == 3


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("bound", "ahead"), [({"steps": 20}, 0), ({}, 1)])
def test_lightning_reads_ahead_of_an_endless_loader(stream, lightning, bound, ahead):
    class Steps(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(()))
            self.trained = []

        def training_step(self, batch):
            self.trained += ids([batch])
            return self.weight * batch["tokens"].float().mean()

        def on_train_batch_end(self, *_):
            assert loader.step == len(self.trained) + ahead

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.1)

    loader = stream.loader(ROWS, **bound)
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = lightning.Trainer(
        accelerator="cpu", max_steps=3, max_epochs=-1, enable_checkpointing=False, use_distributed_sampler=True, **quiet
    )
    steps = Steps()
    trainer.fit(steps, loader)
    assert steps.trained == ids(stream.batches(ROWS, steps=3))


@pytest.mark.slow
@pytest.mark.parametrize("steps", [7, 10])
def test_lightning_keeps_its_epochs_when_it_resumes_within_one(stream, lightning, tmp_path, steps):
    """In a process of its own, since Lightning leaves handlers of signals behind."""
    program = tmp_path / "epochs.py"
    program.write_text(EPOCHS)
    found = []
    for last in (steps, 25):
        command = [sys.executable, "-W", "ignore", str(program), stream.url, str(tmp_path / "saved"), str(last)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found += json.loads(done.stdout.splitlines()[-1])
    assert found == [[step // 10, step % 10] for step in range(25)]


EPOCHS = f"""
import json, sys, torch
from pathlib import Path
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from headrace.shards import Stream

class Steps(LightningModule):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))
        self.seen = []

    def training_step(self, batch, batch_idx):
        self.seen.append([self.current_epoch, batch_idx])
        return self.weight * batch["tokens"].float().mean()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)

url, folder, last = sys.argv[1:]
saved = next(iter(Path(folder).glob("*.ckpt")), None)
loader = Stream(url, window={WINDOW}, seed=1).loader({ROWS}, steps=10)
checkpoints = ModelCheckpoint(folder, every_n_train_steps=int(last))
quiet = {{"logger": False, "enable_progress_bar": False}}
trainer = Trainer(accelerator="cpu", max_steps=int(last), max_epochs=-1, callbacks=[checkpoints], **quiet)
steps = Steps()
trainer.fit(steps, loader, ckpt_path=saved)
print(json.dumps(steps.seen))
"""
