"""The finished network for others: RUN/export opens with transformers' `AutoModel.from_pretrained`."""

from pathlib import Path
from typing import Any

from .pretext.base import Objective
from .quiet import quiet_transformers
from .runs import Run
from .vocabulary import ROLES

FOLDER = "export"


def export(run: Run, objective: Objective) -> Path:
    """Write the network, and the tokenizer of a text run, into RUN/export.

    Of a language model `AutoModelForMaskedLM` or `AutoModelForCausalLM` gets the head as well. Heads and decoders of
    other pretexts are left behind.
    """
    folder = run.folder / FOLDER
    with quiet_transformers():
        objective.backbone.save_pretrained(folder)
    if run.data.manifest.tokenizer:
        _export_tokenizer(run, folder)
    return folder


def _export_tokenizer(run: Run, folder: Path) -> None:
    """A tokenizer that frames a text as the network saw it in training, such as [CLS] text [SEP]."""
    import transformers
    from tokenizers import Tokenizer
    from tokenizers.processors import TemplateProcessing

    words = run.data.vocabulary
    # A copy, for others may be decoding with the original.
    tokenizer = Tokenizer.from_str(run.data.tokenizer.to_str())
    names = {role: str(tokenizer.id_to_token(getattr(words, role))) for role in ROLES}
    before, after = ([names[role] for role in roles] for roles in run.pretext.frame)
    tokenizer.post_processor = TemplateProcessing(
        single=" ".join([*before, "$A", *after]),
        special_tokens=[(name, getattr(words, role)) for role, name in names.items()],
    )
    spelt = {f"{role}_token": name for role, name in names.items()}
    length = int(run.pretext.network["max_position_embeddings"])
    fast: Any = transformers.PreTrainedTokenizerFast
    fast(tokenizer_object=tokenizer, model_max_length=length, **spelt).save_pretrained(folder)
