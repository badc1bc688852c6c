"""The training recipe: a pretext, shards, a network, and how long; the pretext's preset fills what is left out.

    pretext: mae                       # a name, path/to/file.py:Class, or {mae: {masked: 0.6}}
    preset: small                      # the pretext's default recipe: small (minutes on a CPU) or paper
    data: {url: ../shards/images}      # a folder of shards, any fsspec URL of one, or a mixture file
    steps: 1500                        # any other key, to set it otherwise than the preset does
    probe:                             # how `headrace eval` finds labels; see evals/labels.py
      label: {field: label}
    evals: [knn, linear_probe]

What stands on the command line (`optimizer.lr=1e-3`) goes over the file, the file over the preset; paths in the file
are read from its folder, those on the command line from the working directory.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field

from headrace.shards.base.recipe import RecipeModel
from headrace.shards.stream.delivery.budget import TOLERATED

from ..backbones import BackboneRecipe
from ..distributed import Device
from ..ema import EmaRecipe
from ..evals.base import Evaluation
from ..evals.labels import ProbeRecipe
from ..optimizers import AdamwRecipe, OptimizerRecipe
from ..parallel.recipe import ParallelRecipe
from ..precision import Precision
from ..pretext.base import Pretext
from ..schedules import DecayRecipe, ScheduleRecipe
from ..sinks.base import Sink
from ..watch.recipe import ValidationRecipe

Positive = Annotated[int, Field(gt=0)]
Parameters = dict[str, Any]


class CacheRecipe(RecipeModel):
    """A folder of this machine that keeps shards of a store elsewhere while they are needed."""

    folder: str
    """The folder; a path is read from the recipe's folder, and may be another on each machine."""
    limit: str
    """What all shards in it may take together, such as 50GB; `headrace stream URL --plan` tells the least."""


class DataRecipe(RecipeModel):
    """Which shards, and how they are read."""

    url: str
    """A folder of shards, any fsspec URL of one, or a mixture file (.yaml), of which evaluations read the first source;
    a path is read from the recipe's folder."""
    workers: Annotated[int, Field(ge=0)] = 0
    """Processes that read and make samples; 0: the training process itself. Has no influence on the order."""
    render: Literal["worker", "device"] = "worker"
    """Where views of pictures are cut, resized and coloured: by the workers, or on the device of the network; equal
    but for rounding."""
    lanes: Positive = 64
    """Places of the data that are read at once; part of the order."""
    block: Positive | None = None
    """Samples that are shuffled together, part of the order; None: four shards' worth."""
    tolerated: Annotated[float, Field(ge=0, le=1)] = TOLERATED
    """The share of damaged samples in whose place others are read before the training stops; 0 stops at the first."""
    cache: CacheRecipe | None = None
    """Where shards that lie elsewhere are kept; None: their samples are read by ranges."""


class TrainModel(RecipeModel):
    """A whole recipe, presets and overrides applied."""

    pretext: Annotated[dict[str, Parameters], "name or mapping", Field(min_length=1, max_length=1)]
    """A pretext's name, path/to/file.py:Class, or {name: {parameter: value}}."""
    preset: str = "small"
    """The pretext's default recipe, which fills what is left out: small (minutes on a CPU) or paper."""
    data: DataRecipe
    """The shards."""
    backbone: BackboneRecipe
    """The network; from the preset, unless it is of another type or begins with a checkpoint."""
    optimizer: OptimizerRecipe = AdamwRecipe()
    """The algorithm by its name (adamw, sgd or lars), learning rate, weight decay and clipping."""
    schedule: ScheduleRecipe = DecayRecipe()
    """Of the learning rate, by its name (cosine, linear, constant or wsd)."""
    ema: EmaRecipe | None = None
    """An average of the parameters over the steps, which is exported, drawn and evaluated; None: the last ones are."""
    steps: Positive
    """Steps of the optimizer, in all."""
    batch_size: Positive
    """Samples of a step, over all processes and micro-batches."""
    accumulate: Positive = 1
    """Micro-batches of a step: more of them need less memory and give the same gradients."""
    norm_group: Positive | None = None
    """Samples, neighbours in the batch, over which BatchNorm takes its statistics; None: over the whole batch."""
    precision: Precision = "fp32"
    """fp32, bf16 or fp16, of the forward pass; parameters and their updates are fp32."""
    parallel: ParallelRecipe = ParallelRecipe()
    """How the network is spread over the processes of torchrun."""
    activation_checkpointing: bool = False
    """Compute each block again for its gradients instead of keeping what it computed: less memory, a third slower."""
    compile: bool = False
    """Compile the network's blocks (torch.compile); results differ by rounding."""
    seed: int = 0
    """Of the order, the samples and the parameters."""
    device: Device = "auto"
    """auto: a GPU where there is one."""
    checkpoint_every: Positive = 1000
    """Steps from one checkpoint to the next; there is one at the end, too."""
    keep: Positive = 2
    """How many of the latest checkpoints stay."""
    keep_best: Annotated[dict[Literal["min", "max"], str], Field(min_length=1, max_length=1)] | None = None
    """The checkpoint with the least or the most of this number stays as well, such as {min: val_loss}."""
    log_every: Positive = 10
    """Steps from one line of metrics.jsonl to the next."""
    log_to: tuple[Annotated[dict[str, Parameters], "name or mapping"], ...] = ()
    """Where these lines go, too: tensorboard, wandb, or path/to/file.py:Class; each a name, or {name: {parameter:
    value}}."""
    peak_tflops: Annotated[float, Field(gt=0)] | None = None
    """What one device can do at most in this precision, in 10^12 operations a second, for the utilisation (MFU); None:
    what its data sheet says, of a GPU that is known."""
    validation: ValidationRecipe | None = None
    """The pretext's own loss on other shards, while the run goes on: `val_loss` in metrics.jsonl."""
    watch_every: Positive | None = 250
    """Steps from one look at the network's representations, whether they collapse, to the next; None: none."""
    probe: ProbeRecipe | None = None
    """Where `headrace eval` finds labels, for evaluations that need them."""
    evals: tuple[Annotated[dict[str, Parameters], "name or mapping"], ...] = ()
    """How `headrace eval` judges the network: each a name, or {name: {parameter: value}}."""
    evals_every: Positive | None = None
    """Steps from one such evaluation of the network in training to the next; there is one before the first step and one
    after the last, too. The main process does them while others wait, `parallel.patience` at most. None: only
    `headrace eval` does them."""


MAY_CHANGE = {
    *("preset", "data", "steps", "accumulate", "device", "parallel", "activation_checkpointing", "compile"),
    *("checkpoint_every", "keep", "keep_best", "log_every", "log_to", "peak_tflops"),
    *("validation", "watch_every", "probe", "evals", "evals_every"),
}
"""What may differ when a run is continued; of the data, the manifest's fingerprint counts, not the place, and the place
of what a network began with does not count once there are weights of the run's own."""


@dataclass(frozen=True)
class TrainRecipe:
    """A recipe, its plug-ins made.

    Args:
        model: Everything that is a number or a name.
        pretext: The pretext, not yet bound to its data.
        evals: The evaluations by name and parameters, such as `knn k=5`; one may be asked for with several.
        sinks: Where lines of the log are sent, by name and parameters, too.
    """

    model: TrainModel
    pretext: Pretext
    evals: Mapping[str, Evaluation]
    sinks: Mapping[str, Sink]

    def dump(self) -> str:
        """The recipe as YAML that gives this recipe again, from any folder."""
        return yaml.safe_dump(self.model.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
