"""The commands `train`, `eval` and `peek`: their help, and nothing of what they do."""

from pathlib import Path
from typing import Annotated

import typer

commands = typer.Typer()


@commands.command()
def train(
    recipe: Annotated[Path, typer.Argument(help="The recipe, a YAML file.")],
    overrides: Annotated[list[str] | None, typer.Argument(metavar="KEY=VALUE", help="Changes to it.")] = None,
    out: Annotated[Path | None, typer.Option(help="The run's folder; default: the recipe's name.")] = None,
) -> None:
    """Train a network on shards. Ctrl-C saves and stops; the same line again continues, on any number of processes.

    What it shows is in RUN/metrics.jsonl, too; `log_to` sends it to TensorBoard or Weights & Biases.

    Example: headrace train recipe.yaml --out runs/mae

    Example: headrace train recipe.yaml optimizer.lr=1e-3 backbone.num_hidden_layers=6 seed=2 --out runs/mae-2

    Example: headrace train recipe.yaml 'validation={url: shards/held-out, every: 500}' log_to=tensorboard

    Example: headrace train recipe.yaml precision=bf16 accumulate=4 data.workers=8 --out runs/mae

    Example: torchrun --nproc-per-node 8 -m headrace.shards train recipe.yaml parallel.strategy=fsdp --out runs/mae
    """
    from .threads import wait_without_spinning

    wait_without_spinning()
    from .console import run_train

    run_train(recipe, overrides or [], out)


@commands.command("eval")
def evaluate(
    run: Annotated[Path, typer.Argument(help="The folder of a run.")],
    overrides: Annotated[list[str] | None, typer.Argument(metavar="KEY=VALUE", help="Changes to it.")] = None,
    checkpoint: Annotated[str, typer.Option(help="Which one: last, best (see keep_best), or a step.")] = "last",
) -> None:
    """Judge a run's checkpoint beside the same network untrained and raw input or chance.

    By its features: knn, linear_probe. By training it further: finetune. As a
    language model: perplexity, cloze.

    The recipe says how under `evals`, and under `probe` where labels are. The
    results are in RUN/evals.json and in the report. Red is told of test sets of
    which nobody knows whether the training shards hold them.

    Example: headrace eval runs/mae

    Example: headrace eval runs/mae 'evals={finetune: {epochs: 20}}'

    Example: headrace eval runs/gpt 'evals={perplexity: {url: shards/held-out, documents: 500}}'

    Example: headrace eval runs/gpt 'evals={cloze: {file: piqa.jsonl, shots: 5, train_file: piqa-train.jsonl}}'
    """
    from .threads import wait_without_spinning

    wait_without_spinning()
    from .console import run_eval

    run_eval(run, overrides or [], checkpoint)


@commands.command()
def peek(
    url: Annotated[
        str, typer.Argument(help="A folder of shards, local or any fsspec URL; or a mixture file, `.yaml`.")
    ],
    overrides: Annotated[list[str] | None, typer.Argument(metavar="KEY=VALUE", help="Changes to it.")] = None,
    pretext: Annotated[
        str,
        typer.Option(help="A pretext, a preset of views, path/to/file.py:Class of a pretext or view, or a recipe."),
    ] = "simclr",
    number: Annotated[int, typer.Option("--number", "-n", min=1, max=100, help="How many samples.")] = 8,
    step: Annotated[int | None, typer.Option(min=0, help="Begin with the samples of this step, from 0.")] = None,
    epoch: Annotated[int | None, typer.Option(min=0, help="Begin with the samples of this epoch, from 0.")] = None,
    seed: Annotated[int | None, typer.Option(help="The run's seed; default: the recipe's, else 0.")] = None,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="The run's rows in a step; default: the recipe's, else 256.")
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="The picture: png, jpg or webp.")] = Path("views.png"),
    report: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Also leave them here, for `headrace report DIR`.")
    ] = None,
) -> None:
    """Draw samples as the model will see them: the original with its crops, every view, masks, targets.

    They are the samples of a training's own order, with the same random numbers. Of a preset of views, KEY=VALUE
    changes parameters of its views, or of its masks; of a pretext or a recipe, keys of the recipe as in `train`.
    A name that both have is the preset.

    Presets of views: simclr simclr_cifar moco_v2 moco_v3 byol dino dinov2 dinov2_code mae ijepa context_prediction.

    Example: headrace peek shards/photos --pretext simclr -n 8 -o views.png

    Example: headrace peek shards/photos --pretext dino local.count=6 --step 1200 --batch-size 1024

    Example: headrace peek shards/photos --pretext ijepa masks.patch=14

    Example: headrace peek shards/photos --pretext mae masks.masked=0.6

    Example: headrace peek shards/text --pretext recipe.yaml --report runs/mlm
    """
    from .peek.peek import Start, run_peek

    told = {"seed": seed, "batch_size": batch_size}
    run_peek(
        url,
        pretext,
        overrides or [],
        count=number,
        start=Start(step, epoch),
        order={key: value for key, value in told.items() if value is not None},
        output=output,
        report=report,
    )
