"""Words of texts, from trained tokenizers of every kind."""

import re

import numpy as np
import pytest
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from headrace.shards.base.errors import RecipeError
from headrace.trainers.samples.token_masks import Window
from headrace.trainers.samples.token_masks.words import words_of
from headrace.trainers.text.word_pieces import word_pieces

SPECIAL = ["[UNK]", "[SEP]"]
TRAINED = ["the cats are climbing unbelievably tall trees beside foo bar and the cats do it often . ( ) 東 京"] * 3


def trained(tokenizer, trainer):
    tokenizer.train_from_iterator(TRAINED, trainer)
    return tokenizer


def word_piece():
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    alphabet = [*"abcdefghijklmnopqrstuvwxyz.()_東京"]
    return trained(
        tokenizer, trainers.WordPieceTrainer(vocab_size=60, special_tokens=SPECIAL, initial_alphabet=alphabet)
    )


def byte_level():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    return trained(tokenizer, trainers.BpeTrainer(vocab_size=290, special_tokens=SPECIAL, initial_alphabet=alphabet))


def metaspace():
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    alphabet = [*"abcdefghijklmnopqrstuvwxyz.()_東京▁"]
    trainer = trainers.UnigramTrainer(
        vocab_size=55, special_tokens=SPECIAL, unk_token="[UNK]", initial_alphabet=alphabet, show_progress=False
    )
    return trained(tokenizer, trainer)


def metaspace_of_llama():
    """Spaces are replaced by a normalizer, and words not split at all."""
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    alphabet = [*"abcdefghijklmnopqrstuvwxyz.()_東京▁"]
    trainer = trainers.BpeTrainer(vocab_size=60, special_tokens=SPECIAL, initial_alphabet=alphabet)
    tokenizer.train_from_iterator([word for text in TRAINED for word in text.split()], trainer)
    return tokenizer


def suffix():
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]", end_of_word_suffix="</w>"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    alphabet = [*"abcdefghijklmnopqrstuvwxyz.()_東京"]
    trainer = trainers.BpeTrainer(
        vocab_size=80, special_tokens=SPECIAL, initial_alphabet=alphabet, end_of_word_suffix="</w>"
    )
    return trained(tokenizer, trainer)


KINDS = [word_piece, byte_level, metaspace, metaspace_of_llama, suffix]


def words_in(tokenizer, text):
    """The words of a text, without the marks, and how many tokens they are."""
    coded = tokenizer.encode(text)
    pieces = np.frombuffer(word_pieces(tokenizer).encode(), np.uint8) - ord("0")
    ids = np.array(coded.ids)
    found = words_of(Window(np.ones(len(ids), np.bool_), np.zeros(len(ids), np.int64), pieces[ids]))
    parts = ["" for _ in found.sizes]
    for number, token in zip(found.of_token.tolist(), coded.tokens, strict=True):
        parts[number] += re.sub("Ġ|▁|##|</w>", "", token)
    return [part for part in parts if part], len(ids)


@pytest.mark.parametrize("kind", KINDS)
def test_words_are_whole_and_apart(kind):
    words, tokens = words_in(kind(), "the cats climbing unbelievably tall")
    assert words == ["the", "cats", "climbing", "unbelievably", "tall"]
    assert tokens > len(words)


@pytest.mark.parametrize("kind", KINDS)
def test_punctuation_ends_a_word(kind):
    words, _ = words_in(kind(), "do foo.bar(often) it")
    assert words == ["do", "foo", ".", "bar", "(", "often", ")", "it"]


@pytest.mark.parametrize("kind", [word_piece, metaspace, metaspace_of_llama, suffix])
def test_each_ideograph_is_a_word(kind):
    words, _ = words_in(kind(), "東京 the")
    assert words == ["東", "京", "the"]


def test_bytes_of_one_character_stay_together():
    words, tokens = words_in(byte_level(), "the café (naïve) 😀 it")
    assert [bytes_of(word) for word in words] == ["the", "café", "(", "naïve", ")", "😀", "it"]
    assert tokens > 20


def bytes_of(word):
    return decoders.ByteLevel().decode([word])


def test_special_tokens_and_words_of_a_list_are_words():
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "a": 1, "##b": 2}, unk_token="[UNK]"))
    tokenizer.add_special_tokens(["[UNK]"])
    assert word_pieces(tokenizer) == "333"
    assert word_pieces(byte_level())[:2] == "33"


def test_a_tokenizer_that_drops_its_spaces_is_refused():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    with pytest.raises(RecipeError, match=r"does not tell where words begin.*mask: \{name: token\}"):
        word_pieces(trained(tokenizer, trainers.BpeTrainer(vocab_size=40)))
