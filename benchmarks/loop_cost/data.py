"""What the models are trained on: photographs of 96 pixels, or manuals, as shards and as one file of tokens.

Only the standard library where it is imported, as `harness`.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from ..corpora.places import Places
from ..harness import Setting

SHARDS, FLAT = "shards", "tokens.bin"
VOCABULARY = 8192


def write_photos(setting: Setting) -> None:
    """The corpus' photographs, 96 pixels on the shorter side, as JPEG."""
    source = {"path": str(Places(setting.corpus).photos / "427"), "reader": "image_folder"}
    _build(setting.folder, source, [{"resize": {"shorter_side": 96}}], {"format": "webdataset", "shard_bytes": "1MB"})


def write_text(setting: Setting) -> None:
    """The corpus' pages in a language, tokenized."""
    from headrace.shards.format.manifest import Manifest
    from headrace.shards.format.token_reader import TokenShard

    language = "da" if setting.small else "en"
    tokenizer = {"train": {"vocab_size": VOCABULARY}}
    source = {"path": str(Places(setting.corpus).documents / f"{language}.jsonl")}
    _build(setting.folder, source, [], {"format": "tokens", "tokenizer": tokenizer, "shard_bytes": "16MB"})
    manifest = Manifest.load(setting.folder / SHARDS)
    with (setting.folder / FLAT).open("wb") as flat:
        for number in range(len(manifest.shards)):
            shard = TokenShard(str(setting.folder / SHARDS), manifest, number)
            for row in range(shard.samples):
                flat.write(shard.document(row).tobytes())


def _build(folder: Path, source: dict[str, Any], stages: list[Any], output: dict[str, Any]) -> None:
    recipe = folder / "build.yaml"
    recipe.write_text(json.dumps({"name": "corpus", "inputs": [source], "stages": stages, "output": output}))
    headrace = str(Path(sys.executable).with_name("headrace"))
    line = [headrace, "build", str(recipe), "--out", str(folder / SHARDS)]
    subprocess.run(line, check=True, stdout=subprocess.DEVNULL)
