"""The tables: which recipes make their rows, and with which changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Row:
    """One row of a table: a recipe, trained once for each seed.

    Args:
        name: As in the table; a folder's name as well.
        recipe: The name of a file in `recipes/`.
        data: The shards that the recipe trains on; those to be tested on are called this and end in `-held` or `-test`.
        overrides: Changes to the recipe.
        varied: What varies over the rows of the table, and what it is here.
    """

    name: str
    recipe: str
    data: str
    overrides: tuple[str, ...] = ()
    varied: Mapping[str, str] = field(default_factory=dict)


PRETEXTS = (
    Row("mlm", "mlm", "manuals"),
    Row("causal_lm", "causal_lm", "manuals"),
    Row("simclr", "simclr", "cifar10"),
    Row("mae", "mae", "cifar10"),
    Row("mae_fashion", "mae_fashion", "fashion"),
)

_VIEWS = {
    "crop": "{preset: simclr_cifar, scale: [0.2, 1.0], color_jitter: {p: 0}, grayscale: 0}",
    "colour": "{preset: simclr_cifar, scale: [1.0, 1.0], ratio: [1.0, 1.0]}",
    "both": "{preset: simclr_cifar, scale: [0.2, 1.0]}",
}
"""All are mirrored half of the time."""
_NETWORKS = {
    "resnet": "{type: cifar_resnet, embedding_size: 16, hidden_sizes: [16, 32, 64, 128], depths: [1, 1, 1, 1]}",
    "vit": "{type: vit, patch_size: 8, hidden_size: 128, num_hidden_layers: 4, num_attention_heads: 4, "
    "intermediate_size: 512}",
}
_BUDGET = "steps=300"

AUGMENTATIONS = tuple(
    Row(
        f"{network}-{views}",
        "simclr",
        "cifar10",
        (f"pretext.simclr.views={drawn}", f"backbone={keys}", _BUDGET),
        {"network": network, "views": views},
    )
    for network, keys in _NETWORKS.items()
    for views, drawn in _VIEWS.items()
)

STUDIES = {"pretexts": PRETEXTS, "augmentations": AUGMENTATIONS}
