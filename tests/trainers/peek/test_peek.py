import re
import subprocess
import sys

import pytest
from PIL import Image
from typer.testing import CliRunner

from headrace.shards.base.errors import HeadraceError, InputError, PluginError, RecipeError, UsageError
from headrace.shards.base.report import read_fragments
from headrace.shards.cli import application
from headrace.shards.report.page import compose
from headrace.trainers.peek import peek as peek_module


def peek(*arguments: str) -> str:
    result = CliRunner().invoke(application(), ["peek", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize(("ending", "format"), [("png", "PNG"), ("jpg", "JPEG"), ("webp", "WEBP")])
def test_a_picture_in_the_format_of_its_name(pictures, tmp_path, ending, format):
    output = tmp_path / "new" / f"views.{ending}"
    told = peek(pictures, "--pretext", "simclr", "size=32", "-n", 2, "-o", output)
    assert told.endswith(f"2 samples: {output}\n")
    with Image.open(output) as picture:
        assert picture.format == format


def test_a_damaged_picture_is_shown_as_refused(pictures, tmp_path):
    told = peek(pictures, "size=32", "-n", 12, "-o", tmp_path / "views.png")
    assert "12 samples, of which 1 cannot be used" in told
    (refused,) = [line for line in told.splitlines() if "refused" in line]
    assert refused.startswith("picture-03")
    assert "damaged JPEG" in refused


def test_the_same_line_gives_the_same_picture_and_another_seed_another(pictures, tmp_path):
    def drawn(name, *more):
        peek(pictures, "--pretext", "dino", "size=16", "-n", 2, "-o", tmp_path / name, *more)
        return (tmp_path / name).read_bytes()

    first = drawn("a.png")
    assert drawn("b.png") == first
    assert drawn("c.png", "--seed", 1) != first
    assert drawn("d.png", "--epoch", 1) == drawn("e.png", "--step", 12, "--batch-size", 1)


def test_samples_are_left_for_the_report(pictures, texts, tmp_path):
    common = ("-o", tmp_path / "views.png", "--report", tmp_path)
    peek(pictures, "--pretext", "ijepa", "size=32", "masks.patch=8", "-n", 12, *common)
    peek(texts, "--pretext", "mlm", "-n", 2, *common)
    pictured, read = [fragment for _, fragment in read_fragments(tmp_path)]
    assert len(pictured.items) == 11 * 4 + 1
    assert len({item.tag for item in pictured.items}) == 12
    assert all(" → " in item.text for item in read.items)
    compose([tmp_path], tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text().count("data:image") >= 44


@pytest.mark.parametrize(
    ("arguments", "error", "told"),
    [
        (["--pretext", "simclrr"], PluginError, "Did you mean 'simclr'?"),
        (["--pretext", "missing.yaml"], RecipeError, "there is no recipe"),
        (["--pretext", "missing.py:Mine"], PluginError, "there is no file"),
        (["greyscale=1"], UsageError, "Did you mean 'grayscale'?"),
        (["count=-1"], UsageError, "count = -1"),
        (["masks=beitt"], UsageError, "Did you mean 'beit'?"),
        (["--pretext", "ijepa", "masks.pach=14"], UsageError, "Did you mean 'patch'?"),
        (["--pretext", "ijepa", "masks=3"], UsageError, "masks"),
        (["--pretext", "context_prediction", "gapp=4"], UsageError, "Did you mean 'gap'?"),
        (["--pretext", "mlm"], RecipeError, "token"),
        (["--pretext", "mae", "masks.maskd=1"], UsageError, "Did you mean 'masked'?"),
        (["--pretext", "mlm", "maskd=1"], RecipeError, "unknown key"),
        (["simclr"], RecipeError, "sets nothing"),
        (["-n", "13"], UsageError, "at most 12"),
        (["--step", "1", "--epoch", "1"], UsageError, "--step and --epoch"),
        (["-o", "views.gif"], UsageError, ".webp"),
        (["-o", "views"], UsageError, ".png"),
        (["size=16", "-n", "1", "-o", "/proc/views.png"], InputError, "/proc"),
    ],
)
def test_errors_say_what_to_do(pictures, tmp_path, monkeypatch, arguments, error, told):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error) as caught:
        peek(pictures, *arguments)
    assert told in str(caught.value)
    assert isinstance(caught.value, HeadraceError)
    assert not list(tmp_path.iterdir())


def test_a_sheet_that_is_too_large_for_its_format_is_refused(sound, tmp_path, monkeypatch):
    monkeypatch.setitem(peek_module._LARGEST, "WEBP", 500)
    with pytest.raises(UsageError, match=r"or for a \.png"):
        peek(sound, "size=32", "-n", 3, "-o", tmp_path / "views.webp")
    peek(sound, "size=32", "-n", 3, "-o", tmp_path / "views.png")


def test_shards_of_text_have_no_views(texts, tmp_path):
    with pytest.raises(RecipeError, match="image"):
        peek(texts, "-o", tmp_path / "views.png")


def test_presets_of_views_need_no_torch(pictures, tmp_path):
    code = (
        "import sys; from headrace.shards.cli import main; sys.argv = ['headrace', *sys.argv[1:]]; main()\n"
        "assert 'torch' not in sys.modules"
    )
    line = ["peek", pictures, "size=16", "-n", "1", "-o", str(tmp_path / "views.png")]
    subprocess.run([sys.executable, "-c", code, *line], check=True, capture_output=True)


def test_help_gives_examples_and_all_presets():
    from headrace.trainers.samples.views.presets import PRESETS

    told = CliRunner().invoke(application(), ["peek", "--help"]).output
    assert "Example: headrace peek" in told
    assert not [name for name in [*PRESETS, "context_prediction"] if name not in re.findall(r"\w+", told)]
