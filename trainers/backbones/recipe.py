"""The part of a recipe that says what the network is."""

from typing import Any

from pydantic import ConfigDict

from headrace.shards.base.recipe import RecipeModel


class BackboneRecipe(RecipeModel):
    """A network: `type` is transformers' model type, every other key but `pretrained` one of that configuration's.

    Keys that the input demands (`vocab_size`, `image_size`, ...) are set by the pretext and may not be given.
    """

    model_config = ConfigDict(frozen=True, extra="allow", use_attribute_docstrings=True)
    type: str
    """The model type of transformers, such as bert, or ours, cifar_resnet; every other key is one of that type's
    configuration. Left out beside `pretrained`, it is the checkpoint's."""
    pretrained: str | None = None
    """A network to begin with: a folder that `save_pretrained` wrote, such as RUN/export of another run, or a name at
    Hugging Face; its configuration is taken, too. A path is read from the recipe's folder."""

    @property
    def configuration(self) -> dict[str, Any]:
        """The keys for transformers."""
        return dict(self.model_extra or {})
