from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from headrace.trainers.text.vocabulary import read_tokenizer


def dumped(words, special=()):
    tokenizer = Tokenizer(WordLevel({word: number for number, word in enumerate(words)}, unk_token=words[0]))
    tokenizer.add_special_tokens(list(special))
    return tokenizer.to_str().encode()


def test_roles_are_found_under_either_spelling():
    special = ["<pad>", "<s>", "</s>", "<mask>"]
    _, vocabulary = read_tokenizer(dumped(["<unk>", "a", *special], ["<unk>", *special]))
    assert (vocabulary.pad, vocabulary.cls, vocabulary.sep, vocabulary.mask) == (2, 3, 4, 5)
    assert vocabulary.special == (0, 2, 3, 4, 5)
    assert vocabulary.size == 6


def test_missing_roles_get_new_ids_behind_the_last_one():
    tokenizer, vocabulary = read_tokenizer(dumped(["a", "b", "[SEP]"], ["[SEP]"]))
    assert (vocabulary.sep, vocabulary.mask, vocabulary.pad, vocabulary.cls) == (2, 3, 4, 5)
    assert (vocabulary.size, vocabulary.least) == (6, 2)
    assert tokenizer.id_to_token(3) == "[MASK]"


def test_what_ends_documents_is_sep_however_it_is_spelt():
    words = dumped(["a", "<|end_of_text|>", "</s>"], ["<|end_of_text|>", "</s>"])
    tokenizer, vocabulary = read_tokenizer(words, last=1)
    assert (vocabulary.sep, vocabulary.mask, vocabulary.size) == (1, 3, 6)
    assert tokenizer.token_to_id("[SEP]") is None
    assert vocabulary.special == (1, 2, 3, 4, 5)


def test_a_word_at_the_end_of_a_document_is_no_sep():
    assert read_tokenizer(dumped(["a", "b", "</s>"], ["</s>"]), last=1)[1].sep == 2


def test_roles_that_words_follow_are_no_new_ones():
    _, vocabulary = read_tokenizer(dumped(["[PAD]", "[CLS]", "[SEP]", "[MASK]", "a"], ["[PAD]"]))
    assert vocabulary.least == vocabulary.size == 5
