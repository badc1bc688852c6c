import subprocess
import sys

from headrace.shards.stream import Stream

WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None  # whoever imports it now fails

import numpy as np
from headrace.shards import Stream

def transform(sample, rng):
    return {"id": sample["__id__"], "picture": sample["npy"] + rng.random(sample["npy"].shape)}

stream = Stream(sys.argv[1], seed=3, transform=transform)
batches = stream.batches(16, rank=1, world_size=2)
first = [batch for batch, _ in zip(batches, range(4))]
again = stream.batches(24, start=batches.state_dict(), epochs=1)
for batch in [*first, *again]:
    assert isinstance(batch["picture"], np.ndarray) and batch["picture"].dtype == np.float64
assert sum(mask.sum() for _, mask in stream.one_pass(10)) == stream.samples
print(*(number for batch in first for number in batch["id"]))
"""


def test_arrays_come_without_torch(images):
    command = [sys.executable, "-W", "error", "-c", WITHOUT_TORCH, images]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loader = Stream(images, seed=3).loader(16, rank=1, world_size=2, steps=4)
    assert [int(number) for number in done.stdout.split()] == [i for batch in loader for i in batch["__id__"].tolist()]
