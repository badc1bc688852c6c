import re
import subprocess
import sys
from pathlib import Path

from headrace.pipeline.kernels.warmup import all_kernels, compile_all

ROOT = Path(__file__).parents[3]


def test_no_kernel_is_forgotten():
    """Those that are declared are imported, and are all that are written in the tree."""
    code = (
        "from headrace.pipeline.kernels.warmup import all_kernels; import sys; "
        "print(*(each.name for each in all_kernels())); "
        "print([each for each in ('torch', 'transformers') if each in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    names, heavy = told.splitlines()
    written = [
        name
        for package in ("pipeline", "shards", "trainers")
        for path in (ROOT / package).rglob("*.py")
        for name in re.findall(r"^@kernel\b.*?^def (\w+)", path.read_text(), re.DOTALL | re.MULTILINE)
    ]
    assert sorted(name.rpartition(".")[2] for name in names.split()) == sorted(written)
    assert len(written) > 20
    assert heavy == "[]"


def test_every_kernel_is_compiled():
    assert [compilation.name for compilation in compile_all()] == [kernel.name for kernel in all_kernels()]


def test_kernels_that_were_compiled_are_loaded_without_the_compiler():
    compile_all()
    code = (
        "import sys, numpy as np; from headrace.pipeline.kernels.shingles import exact_jaccard; "
        "assert exact_jaccard(np.array([1, 2], np.uint64), np.array([2, 3], np.uint64)) == 1 / 3; "
        "print([each for each in ('numba', 'llvmlite') if each in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told == "['llvmlite']\n"


def test_a_recipe_compiles_what_its_stages_call_and_nothing_else(tmp_path):
    """A build of pictures needs no kernel, and one that only counts words none of deduplication."""
    for stages, wanted, unwanted in (
        ("[image_quality]", "", "walk"),
        ("[length]", "walk", "sign_texts"),
        ("[{minhash_dedup: {similarity: 0.8}}]", "sign_texts", "choose_lines"),
    ):
        path = tmp_path / "recipe.yaml"
        path.write_text(f"inputs: [{{path: a.jsonl}}]\nstages: {stages}\n")
        code = (
            "from pathlib import Path; import headrace.pipeline.build, headrace.pipeline.recipe as r; "
            f"r.load_recipe(Path({str(path)!r})); "
            "import sys; m = sys.modules.get('headrace.shards.base.kernels.compile'); "
            "print([each.name.partition('.')[2] for each in (m.imported_kernels() if m else ())])"
        )
        told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        assert wanted in told
        assert unwanted not in told
