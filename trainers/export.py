"""The finished network for others: RUN/export opens with transformers' `AutoModel.from_pretrained`."""

import shutil
from pathlib import Path
from typing import Any

from headrace.shards.base.errors import TrainingError

from .pretext.base import Objective
from .quiet import quiet_transformers
from .runs import Run
from .text.vocabulary import ROLES

FOLDER = "export"


def export(run: Run, objective: Objective) -> Path:
    """Write the network, and the tokenizer of a text run, into RUN/export.

    Of a language model `AutoModelForMaskedLM` or `AutoModelForCausalLM` gets the head as well. Heads and decoders of
    other pretexts are left behind.

    Raises:
        TrainingError: It cannot be written; what an earlier call exported stays.
    """
    from safetensors import SafetensorError

    folder = run.folder / FOLDER
    unfinished = run.folder / f"{FOLDER}.unfinished"
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        with quiet_transformers():
            objective.backbone.save_pretrained(unfinished)
        if run.data.manifest.tokenizer:
            _export_tokenizer(run, unfinished)
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.rename(folder)
    except (OSError, SafetensorError) as error:
        raise TrainingError(
            f"the network cannot be written into {folder}",
            found=str(error),
            remedy="Make room there; the training is done and saved, and the same line writes what is missing",
        ) from error
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
    # Programs ask a tokenizer, not a configuration, for what begins and ends a text.
    for role in ("bos_token", "eos_token"):
        if (number := run.pretext.network.get(f"{role}_id")) is not None:
            spelt[role] = str(tokenizer.id_to_token(number))
    length = int(run.pretext.network["max_position_embeddings"])
    fast: Any = transformers.PreTrainedTokenizerFast
    fast(tokenizer_object=tokenizer, model_max_length=length, **spelt).save_pretrained(folder)
