"""Networks from transformers configurations, so that a finished run is `AutoModel.from_pretrained(RUN/export)`.

One file for each use that pretexts make of a network; `build` has what is common to making them.
"""

from .causal_lm import causal_lm, causal_states, has_experts, routed_states
from .masked_lm import masked_lm, masked_lm_logits, packed_states
from .pretrained import stored_type
from .recipe import BackboneRecipe
from .visible import encode_visible, patch_encoder
from .vision import hidden_width, image_encoder, image_features

__all__ = [
    "BackboneRecipe",
    "causal_lm",
    "causal_states",
    "encode_visible",
    "has_experts",
    "hidden_width",
    "image_encoder",
    "image_features",
    "masked_lm",
    "masked_lm_logits",
    "packed_states",
    "patch_encoder",
    "routed_states",
    "stored_type",
]
