"""Small real shards of pictures and of text, and the recipes that train tiny networks on them."""

import hashlib
import io
import json
import resource
import signal
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from PIL import Image
from tokenizers import Tokenizer as HuggingFace
from tokenizers import decoders, models, pre_tokenizers, trainers

from headrace.shards.format.atomic import write_whole
from headrace.shards.format.manifest import Manifest, Tokenizer
from headrace.shards.format.token_writer import TokenShardWriter
from headrace.shards.format.writer import ShardWriter

TINY = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
MAE = {
    "pretext": {"mae": {"views": {"size": 8}, "patch": 2, "decoder_width": 16, "decoder_depth": 1, "decoder_heads": 2}},
    "backbone": {"type": "vit", **TINY},
    "probe": {"label": {"field": "label"}, "split": {"field": "split"}},
}
MLM = {
    "pretext": {"mlm": {"length": 16}},
    "backbone": {"type": "bert", **TINY},
    "probe": {
        "label": {"field": "url", "pattern": "/(cats|dogs)-"},
        "group": {"field": "url", "pattern": r"-\d/(.*)"},
    },
}
CAUSAL_LM = {
    "pretext": {"causal_lm": {"length": 16, "attention": "document"}},
    "backbone": {"type": "gpt2", "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2},
    "probe": MLM["probe"],
}
MIXTURE = {
    "pretext": {"causal_lm": {"length": 16, "attention": "document", "balance": 0.1}},
    "backbone": {"type": "mixtral", **TINY, "num_key_value_heads": 1, "num_local_experts": 4},
    "probe": MLM["probe"],
}
SIMCLR = {
    "pretext": {"simclr": {"views": {"preset": "simclr_cifar", "size": 8}, "layers": 2, "out": 16}},
    "backbone": {"type": "cifar_resnet", "embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1]},
    "probe": MAE["probe"],
}
COMMON = {
    "steps": 6,
    "batch_size": 8,
    "checkpoint_every": 2,
    "log_every": 1,
    "device": "cpu",
    "schedule": {"warmup": 2},
    "evals": [{"knn": {"k": 5}}, {"linear_probe": {"grid": [0.1, 1.0]}}],
}
WORDS = {"cats": "the cat purrs and climbs a tall tree", "dogs": "a dog barks while it runs over the wide field"}


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    """Several processes share the machine, and threads that wait for each other by spinning are slow there."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def images(tmp_path_factory) -> str:
    """48 grey pictures of 10 x 12: class 0 bright at the top, class 1 at the bottom; a third of them to test."""
    folder, rng, shards = tmp_path_factory.mktemp("images"), np.random.default_rng(0), []
    for shard in range(3):
        with ShardWriter(folder, f"{shard:05d}.tar") as writer:
            for row in range(16):
                label = row % 2
                pixels = rng.integers(0, 60, (10, 12))
                pixels[5 * label : 5 * label + 5] += 150
                meta = {"label": label, "split": "test" if row >= 11 else "train"}
                writer.add(f"s{shard}r{row}", {"png": png(pixels), "json": json.dumps(meta).encode()})
        shards.append(writer.info)
    fields = {"png": "image/png", "json": "application/json"}
    Manifest(kind="samples", name="images", fields=fields, shards=tuple(shards)).save(folder)
    return str(folder)


@pytest.fixture(scope="session")
def texts(tmp_path_factory) -> str:
    """40 documents about cats or dogs, each page in two versions, as tokens of a byte-level BPE, closed by [SEP]."""
    return texts_in(tmp_path_factory.mktemp("texts"), ["[SEP]"])


@pytest.fixture(scope="session")
def open_texts(tmp_path_factory) -> str:
    """The same, closed by nothing."""
    return texts_in(tmp_path_factory.mktemp("open_texts"), [])


def texts_in(folder: Path, closed_by: list[str]) -> str:
    rng, shards = np.random.default_rng(0), []
    pages = [
        (f"http://x/{name}-{version}/page{page}.html", " ".join(rng.permutation(WORDS[name].split() * 3)))
        for name in WORDS
        for page in range(10)
        for version in (1, 2)
    ]
    tokenizer = trained_tokenizer([text for _, text in pages])
    end = [tokenizer.token_to_id(token) for token in closed_by]
    for shard in range(2):
        with TokenShardWriter(folder, f"{shard:05d}.tar", tokenizer.get_vocab_size(), page_tokens=512) as writer:
            for url, text in pages[shard::2]:
                writer.add([*tokenizer.encode(text).ids, *end], {"url": url})
        shards.append(writer.info)
    data = tokenizer.to_str().encode()
    write_whole(f"{folder}/tokenizer.json", data)
    entry = Tokenizer(sha256=hashlib.sha256(data).hexdigest(), vocabulary=tokenizer.get_vocab_size(), dtype="uint16")
    Manifest(kind="tokens", name="texts", tokenizer=entry, shards=tuple(shards)).save(folder)
    return str(folder)


@pytest.fixture
def recipe_of(tmp_path, images, texts):
    """A function that writes the tiny recipe of a pretext to a file and returns its path."""

    def write(pretext: str, **changes) -> Path:
        parts = {"mae": MAE, "simclr": SIMCLR, "mlm": MLM, "causal_lm": CAUSAL_LM, "mixture": MIXTURE}
        url = images if pretext in ("mae", "simclr") else texts
        path = tmp_path / f"{pretext}.yaml"
        path.write_text(yaml.safe_dump({**COMMON, **parts[pretext], "data": {"url": url}, **changes}))
        return path

    return write


@pytest.fixture
def full_disk():
    """Files stop growing at 1,000 bytes, as on a disk that is nearly full."""
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    @contextmanager
    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    yield limited
    signal.signal(signal.SIGXFSZ, handler)


def png(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def trained_tokenizer(texts: list[str]) -> HuggingFace:
    tokenizer = HuggingFace(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        texts,
        trainers.BpeTrainer(vocab_size=320, special_tokens=special, initial_alphabet=alphabet, show_progress=False),
    )
    return tokenizer
