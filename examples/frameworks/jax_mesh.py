"""JAX on several processes of several devices each, without torch, which goes on after any end on any number of them.

python examples/frameworks/jax_mesh.py data/manuals --out runs/jax
"""

import argparse
from functools import partial
from itertools import islice
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp
from jax.sharding import AxisType, NamedSharding
from jax.sharding import PartitionSpec as P

from headrace.shards import Stream
from headrace.shards.stream import ConsumptionLog

Parameters = dict[str, jax.Array]


def loss_of(parameters: Parameters, tokens: jax.Array) -> jax.Array:
    """The mean loss of windows of tokens, int32 (rows, window + 1)."""
    scores = jax.nn.log_softmax(parameters["embedding"][tokens[:, :-1]] @ parameters["output"])
    return -jnp.take_along_axis(scores, tokens[:, 1:, None], axis=-1).mean()


@partial(jax.jit, donate_argnums=0)
def train_step(parameters: Parameters, tokens: jax.Array) -> tuple[Parameters, jax.Array]:
    loss, slopes = jax.value_and_grad(loss_of)(parameters, tokens)
    return jax.tree.map(lambda each, slope: each - 0.1 * slope, parameters, slopes), loss


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shards", help="a set of tokens, as `headrace build` makes it")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--batch-size", type=int, default=32, help="of all devices of all processes together")
    parser.add_argument("--window", type=int, default=128)
    parser.add_argument("--processes", type=int, default=1, help="on TPUs and Slurm JAX knows all three by itself")
    parser.add_argument("--process", type=int, default=0)
    parser.add_argument("--coordinator", default="localhost:12321")
    arguments = parser.parse_args()

    if arguments.processes > 1:
        jax.distributed.initialize(arguments.coordinator, arguments.processes, arguments.process)
    mesh = jax.make_mesh((jax.device_count(),), ("data",), axis_types=(AxisType.Auto,))
    by_rows, everywhere = NamedSharding(mesh, P("data")), NamedSharding(mesh, P())

    stream = Stream(arguments.shards, window=arguments.window, seed=1)
    batches = stream.batches(arguments.batch_size, rank=jax.process_index(), world_size=jax.process_count())
    vocabulary = stream.manifest.tokenizer.vocabulary
    rng = np.random.default_rng(1)
    shapes = {"embedding": (vocabulary, 32), "output": (32, vocabulary)}
    drawn = {name: rng.standard_normal(shape, np.float32) / 8 for name, shape in shapes.items()}
    parameters = jax.device_put(drawn, everywhere)

    options = ocp.CheckpointManagerOptions(save_interval_steps=5, max_to_keep=2)
    with ocp.CheckpointManager(arguments.out.absolute(), options=options) as checkpoints:
        if checkpoints.latest_step() is not None:
            wanted = ocp.args.Composite(parameters=ocp.args.StandardRestore(parameters), stream=ocp.args.JsonRestore())
            saved = checkpoints.restore(checkpoints.latest_step(), args=wanted)
            parameters = saved.parameters
            batches.load_state_dict(saved.stream)

        consumed = ConsumptionLog(arguments.out / "consumed", batches)  # for `headrace stream SHARDS --audit OUT`
        for batch in islice(batches, arguments.steps - batches.step):
            # Each process has its rows of the batch; together they are one array, spread over all devices.
            tokens = jax.make_array_from_process_local_data(by_rows, batch["tokens"].astype(np.int32))
            parameters, loss = train_step(parameters, tokens)
            if batches.step % 5 == 0 and jax.process_index() == 0:
                print(f"step {batches.step}: loss {loss:.3f}", flush=True)
            if checkpoints.should_save(batches.step):
                consumed.write()
            kept = {"parameters": ocp.args.StandardSave(parameters), "stream": ocp.args.JsonSave(batches.state_dict())}
            checkpoints.save(batches.step, args=ocp.args.Composite(**kept))


if __name__ == "__main__":
    main()
