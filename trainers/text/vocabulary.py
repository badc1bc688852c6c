"""The vocabulary of token shards: how many ids there are, and which of them are special."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

ROLES = {
    "mask": ("[MASK]", "<mask>"),
    "pad": ("[PAD]", "<pad>"),
    "cls": ("[CLS]", "<s>"),
    "sep": ("[SEP]", "</s>", "<|endoftext|>", "<eos>"),
}
"""The spellings under which a tokenizer may know each special token; the first one is ours. What ends the documents of
token shards is their `sep` under any other."""


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """Ids 0 .. size - 1, four of which have a role.

    Args:
        size: How many ids there are.
        mask: Hides a token.
        pad: Fills up what is too short.
        cls: Begins a window.
        sep: Ends a window, or a document.
        special: All ids that no text can hold: those of the four roles, and whatever else the tokenizer declares.
    """

    size: int
    mask: int
    pad: int
    cls: int
    sep: int
    special: tuple[int, ...]

    @property
    def least(self) -> int:
        """How many ids there are without the roles behind all others, which networks of others may not know."""
        size, roles = self.size, {self.mask, self.pad, self.cls, self.sep}
        while size - 1 in roles:
            size -= 1
        return size


def read_tokenizer(data: bytes, last: int | None = None) -> tuple["Tokenizer", Vocabulary]:
    """A tokenizer from the bytes of its tokenizer.json, and its vocabulary.

    Roles that the tokenizer does not know (a GPT-2 BPE has no mask) get new ids behind its last one, in the order of
    `ROLES`; the returned tokenizer knows them.

    Args:
        data: Of tokenizer.json.
        last: The token at the end of a document. Where the tokenizer declares it as special, it is `sep`, however it is
            spelt: others of that role have no part in the data.
    """
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_buffer(data)
    ids = {"sep": last} if last is not None and last in _declared(tokenizer) else {}
    for role, spellings in ROLES.items():
        if role in ids:
            continue
        held = [each for each in spellings if tokenizer.token_to_id(each) is not None]
        if not held:
            tokenizer.add_special_tokens([spellings[0]])
        ids[role] = tokenizer.get_vocab()[held[0] if held else spellings[0]]
    size = max(tokenizer.get_vocab().values()) + 1
    return tokenizer, Vocabulary(size=size, special=tuple(sorted(_declared(tokenizer) | set(ids.values()))), **ids)


def _declared(tokenizer: "Tokenizer") -> set[int]:
    """The tokens that it declares as special."""
    return {number for number, token in tokenizer.get_added_tokens_decoder().items() if token.special}
