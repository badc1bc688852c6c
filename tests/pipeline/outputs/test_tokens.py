"""Token pages: documents that decode back, a tokenizer that is the same each time it is trained."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer as Vocabulary
from tokenizers import models, normalizers, pre_tokenizers

from headrace.pipeline.outputs.tokens import FILE, SPECIAL_TOKENS, TokenizerSource, Tokens, TrainBPE
from headrace.shards.base.errors import InputError, RecipeError
from headrace.shards.format.manifest import Manifest
from headrace.shards.format.token_reader import TokenShard

TEXTS = [
    "the mill stands where the river bends",
    "",
    "drei äöü 五\t\n\x00",
    "[SEP] is a token and so is <|endoftext|>, but not here",
    "the wheel turns and the mill grinds",
]
SMALL = Tokens(TokenizerSource(train=TrainBPE(vocab_size=300)))


def write(output, folder, batches, texts=TEXTS):
    """One shard with its manifest, as a build leaves them."""
    output.prepare(folder, batches(texts))
    info = output.write(folder, 0, batches(texts), folder)
    manifest = Manifest(kind="tokens", name="t", tokenizer=output.tokenizer_entry(folder), shards=(info,))
    manifest.save(folder)
    return TokenShard(str(folder), manifest, 0)


def word_level(path, words, **changes):
    vocabulary = Vocabulary(models.WordLevel({word: index for index, word in enumerate(words)}, unk_token="[UNK]"))
    vocabulary.pre_tokenizer = pre_tokenizers.Whitespace()
    if changes.get("truncated"):
        vocabulary.enable_truncation(2)
        vocabulary.enable_padding(length=2)
    vocabulary.save(str(path))
    return Tokens(TokenizerSource(file=path), **{k: v for k, v in changes.items() if k != "truncated"})


def test_documents_decode_back_to_their_texts(tmp_path, batches):
    shard = write(SMALL, tmp_path, batches)
    vocabulary = Vocabulary.from_file(str(tmp_path / FILE))
    end = vocabulary.token_to_id("[SEP]")
    documents = [shard.document(row).tolist() for row in range(shard.samples)]
    assert [vocabulary.decode(ids[:-1]) for ids in documents] == TEXTS
    assert [ids.index(end) for ids in documents] == [len(ids) - 1 for ids in documents]
    assert shard.meta(3) == {"id": "source/file#3", "url": "http://x/3", "label": 3}


@given(st.lists(st.text(), max_size=5))
def test_any_text_decodes_back(texts):
    vocabulary = TrainBPE(vocab_size=270).train(iter(TEXTS))
    vocabulary.encode_special_tokens = True
    for text in texts:
        assert vocabulary.decode(vocabulary.encode(text, add_special_tokens=False).ids) == text


def test_training_twice_gives_the_same_bytes_for_any_batching(tmp_path, batches):
    texts = [f"{word} {word[::-1]} the mill {row}" for row, word in enumerate(TEXTS * 20)]
    found = set()
    for run, rows in enumerate((1, 7, 100)):
        folder = tmp_path / str(run)
        folder.mkdir()
        SMALL.prepare(folder, batches(texts, rows=rows))
        found.add((folder / FILE).read_bytes())
    assert len(found) == 1


def test_a_vocabulary_has_its_size_and_its_special_tokens_first(tmp_path, batches):
    vocabulary = TrainBPE(vocab_size=280, min_frequency=1).train(iter(TEXTS))
    assert vocabulary.get_vocab_size() == 280
    assert [vocabulary.id_to_token(index) for index in range(5)] == list(SPECIAL_TOKENS)


def test_training_takes_no_more_of_the_corpus_than_it_is_told(tmp_path, batches):
    few = Tokens(TokenizerSource(train=TrainBPE(vocab_size=400, min_frequency=1, bytes=10)))
    (tmp_path / "few").mkdir()
    (tmp_path / "one").mkdir()
    few.prepare(tmp_path / "few", batches(TEXTS))
    few.prepare(tmp_path / "one", batches(TEXTS[:1]))
    assert (tmp_path / "few" / FILE).read_bytes() == (tmp_path / "one" / FILE).read_bytes()


def test_a_users_tokenizer_is_published_as_it_is_and_cuts_nothing(tmp_path, batches):
    path = tmp_path / "own.json"
    output = word_level(path, ["[UNK]", "[SEP]", "the", "mill"], truncated=True)
    out = tmp_path / "out"
    out.mkdir()
    shard = write(output, out, batches, ["the mill the mill the", "mill", ""])
    assert [shard.document(row).tolist() for row in range(3)] == [[2, 3, 2, 3, 2, 1], [3, 1], [1]]
    assert (out / FILE).read_bytes() == path.read_bytes()
    assert output.files() == (path,)


def test_an_end_token_of_the_users_choice(tmp_path, batches):
    output = word_level(tmp_path / "own.json", ["[UNK]", "the", "stop"], end_token="stop")
    output.check()
    assert write(output, tmp_path, batches, ["the"]).document(0).tolist() == [1, 2]


@pytest.mark.parametrize("end_token", ["", "stop"])
def test_a_tokenizer_without_an_end_token_is_refused_before_anything_runs(tmp_path, end_token):
    output = word_level(tmp_path / "own.json", ["[UNK]", "the"], end_token=end_token)
    with pytest.raises(RecipeError, match="no token that could end a document"):
        output.check()


@pytest.mark.parametrize("content", [b"", b"{}", b"\x00\x01", b"[1]"])
def test_what_is_no_tokenizer_is_refused_before_anything_runs(tmp_path, content):
    path = tmp_path / "own.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match="is no tokenizer"):
        Tokens(TokenizerSource(file=path)).check()


def test_a_tokenizer_comes_from_one_place():
    for source in ({}, {"train": TrainBPE(), "file": "x"}):
        with pytest.raises(ValueError, match="exactly one"):
            TokenizerSource(**source)


def test_no_document_at_all(tmp_path, batches):
    shard = write(SMALL, tmp_path, batches, [])
    assert (shard.samples, shard.length) == (0, 0)


def test_a_normalizer_of_the_users_is_kept(tmp_path, batches):
    path = tmp_path / "own.json"
    output = word_level(path, ["[UNK]", "[SEP]", "the"])
    vocabulary = Vocabulary.from_file(str(path))
    vocabulary.normalizer = normalizers.Lowercase()
    vocabulary.save(str(path))
    assert write(output, tmp_path, batches, ["THE"]).document(0).tolist() == [2, 1]
