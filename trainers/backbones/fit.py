"""Numbers of a configuration that must fit each other, and that transformers does not compare."""

from collections.abc import Iterator
from typing import Any

_MULTIPLES = (
    ("hidden_size", "num_attention_heads"),
    ("num_attention_heads", "num_key_value_heads"),
    ("image_size", "patch_size"),
)


def refuse_misfit(config: Any) -> None:
    """Compare the numbers of a configuration.

    Raises:
        ValueError: Some do not fit each other; names them.
    """
    if problems := "; ".join(_misfits(config)):
        raise ValueError(problems)


def _misfits(config: Any) -> Iterator[str]:
    def said(name: str) -> Any:
        return getattr(config, name, None)

    for whole, part in _MULTIPLES:
        if said(whole) is not None and said(part) is not None and (said(part) < 1 or said(whole) % said(part)):
            yield f"{whole} {said(whole)} is no multiple of {part} {said(part)}"
            return
    if said("rope_parameters") and (size := config.hidden_size // config.num_attention_heads) % 2:
        yield f"each of {config.num_attention_heads} heads has {size} numbers, but rotary positions turn pairs of them"
    if said("num_local_experts") is not None and not 0 < config.num_experts_per_tok <= config.num_local_experts:
        yield f"num_experts_per_tok {config.num_experts_per_tok} of num_local_experts {config.num_local_experts}"
    if said("depths") is not None and len(config.depths) != len(config.hidden_sizes):
        yield f"{len(config.depths)} depths, but {len(config.hidden_sizes)} hidden_sizes"
    if said("layer_type") == "bottleneck" and any(size % 4 for size in config.hidden_sizes):
        yield f"hidden_sizes {list(config.hidden_sizes)} of bottlenecks, not all of which are multiples of 4"
