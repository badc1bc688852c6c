"""What each token of a vocabulary is of a word, told from how its tokenizer marks them.

Three marks are in use: what goes on with a word begins with a prefix ('##' of WordPiece); what begins one begins with a
space ('Ġ' of byte-level BPE, '▁' of SentencePiece); what ends one ends with a suffix ('</w>' of BPE). Beside the marks,
a token without letters and digits is a word by itself, and so is one of a script that is written without spaces: else
`foo.bar(x)`, an address or a sentence in Japanese would be a single word, too long to ever be chosen.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headrace.shards.base.errors import RecipeError

from ..samples.token_masks.words import BEGINS, ENDS

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_LETTERS = re.compile("[^\\W_]|\ufffd")
"""A part of a character, which tokens of bytes may be, counts as a letter, as most of them are."""
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Thai and Lao, Burmese, Khmer, Kana, and ideographs."""


@dataclass(frozen=True)
class _Marks:
    """How a tokenizer marks words.

    Args:
        text: The text of a token, a space before it included.
        begins: Whether a token begins a word, from it and its text.
        ends: Whether it ends one.
    """

    text: Callable[[str], str]
    begins: Callable[[str, str], bool]
    ends: Callable[[str], bool] = lambda token: False


def word_pieces(tokenizer: "Tokenizer") -> str:
    """Of each id of the vocabulary, in their order, a digit: 1 begins a word, 2 ends one, 3 is one, 0 goes on with one.

    Raises:
        RecipeError: The tokenizer marks no words.
    """
    marks = _marks(json.loads(tokenizer.to_str()))
    vocabulary = tokenizer.get_vocab()
    digits = [str(BEGINS | ENDS)] * (max(vocabulary.values()) + 1)
    special = {number for number, token in tokenizer.get_added_tokens_decoder().items() if token.special}
    for token, number in vocabulary.items():
        if number not in special:
            digits[number] = str(_piece(token, marks))
    return "".join(digits)


def _piece(token: str, marks: _Marks) -> int:
    text = marks.text(token)
    alone = text.strip() and (not _LETTERS.search(text) or _UNSPACED.search(text))
    if alone:
        return BEGINS | ENDS
    return BEGINS * marks.begins(token, text) | ENDS * marks.ends(token)


def _marks(tokenizer: dict[str, Any]) -> _Marks:
    model = tokenizer["model"]
    around = json.dumps([tokenizer[part] for part in ("normalizer", "pre_tokenizer", "decoder")], ensure_ascii=False)
    prefix, suffix = model.get("continuing_subword_prefix"), model.get("end_of_word_suffix")
    if model["type"] == "WordLevel":
        return _Marks(lambda token: token, lambda token, text: True, lambda token: True)
    if '"ByteLevel"' in around:
        from tokenizers.decoders import ByteLevel

        decoder = ByteLevel()
        return _Marks(lambda token: decoder.decode([token]), lambda token, text: text[:1].isspace())
    if "▁" in around:
        return _Marks(lambda token: token.replace("▁", " "), lambda token, text: text.startswith(" "))
    if prefix:
        return _Marks(lambda token: token.removeprefix(prefix), lambda token, text: not token.startswith(prefix))
    if suffix:
        return _Marks(
            lambda token: token.removesuffix(suffix), lambda token, text: False, lambda token: token.endswith(suffix)
        )
    raise RecipeError(
        "this tokenizer does not tell where words begin",
        found=f"a {model['type']} without continuing prefix, end-of-word suffix, byte-level or SentencePiece spaces",
        remedy="Hide single tokens instead: mask: {name: token}",
    )
