"""The demo runs commands and nothing else, stops at the first that fails, and goes the whole way."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from headrace.shards.base.errors import InputError
from headrace.shards.demo import Demo, DemoError, run

EXAMPLES = Path(__file__).parents[2] / "examples" / "demo"


def headrace(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "headrace.shards", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """An output folder in which the first step is done."""
    out = tmp_path / "out"
    (out / "crawl").mkdir(parents=True)
    rows = [{"url": "http://127.0.0.1/python-3.13/a.html", "item": "HumanEval/7"}]
    (out / "crawl" / "planted.json").write_text(json.dumps(rows))
    return out


def test_every_step_is_a_command_that_a_user_can_type(planted: Path) -> None:
    steps = list(Demo(EXAMPLES, planted).steps())
    assert [step.command[1].rpartition("/")[2] for step in steps] == [
        "plant_benchmark.py",
        *["build"] * 4,
        *["verify"] * 4,
        "check_planted.py",
        "explain",
        "stream",
        *["train"] * 2,
        *["eval"] * 2,
        "report",
    ]
    assert all(step.why for step in steps)


def test_every_recipe_that_is_named_exists_and_every_override_has_its_key(planted: Path) -> None:
    for step in Demo(EXAMPLES, planted, quick=True).steps():
        recipes = [Path(word) for word in step.command if word.endswith(".yaml")]
        for recipe in recipes:
            document = yaml.safe_load(recipe.read_text(encoding="utf-8"))
            for override in [word for word in step.command if "=" in word]:
                value = document
                for part in override.partition("=")[0].split("."):
                    value = value[int(part)] if isinstance(value, list) else value[part]


def test_beside_the_data_the_recipes_find_everything_by_themselves(
    monkeypatch: pytest.MonkeyPatch, planted: Path, tmp_path: Path
) -> None:
    clone = tmp_path / "clone"
    (clone / "examples" / "demo").mkdir(parents=True)
    planted.rename(clone / "demo")
    monkeypatch.chdir(clone)
    commands = [step.command for step in Demo(Path("examples/demo"), Path("demo")).steps()]
    assert ("headrace", "build", "examples/demo/text.yaml", "--out", "demo/text") in commands
    assert not [word for command in commands for word in command if "=" in word]


def test_without_its_data_the_demo_says_where_it_is(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--data") as error:
        run(tmp_path / "examples", tmp_path / "demo", quick=False)
    assert error.value.found == "no such folder"
    assert not (tmp_path / "demo").exists()


def test_the_first_command_that_fails_ends_it(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "text.yaml").write_text("name: x\n")
    (data / "plant_benchmark.py").write_text("import sys; print('no crawl here'); sys.exit(9)\n")
    with pytest.raises(DemoError, match=r"exit code 9 of `python .*plant_benchmark.py"):
        run(data, tmp_path / "demo", quick=False)
    output = capfd.readouterr().out
    assert "$ python " in output
    assert "no crawl here" in output
    assert "headrace" not in output.replace(str(tmp_path), "")


def test_ctrl_c_lets_the_command_put_its_work_in_order(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "text.yaml").write_text("name: x\n")
    (data / "plant_benchmark.py").write_text(
        "import pathlib, time\n"
        "try:\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(60)\n"
        "except KeyboardInterrupt:\n"
        "    time.sleep(1)\n"
        f"    pathlib.Path({str(tmp_path)!r}, 'in order').touch()\n"
        "    raise\n"
    )
    command = [sys.executable, "-m", "headrace.shards", "demo", "--data", str(data), "--out", str(tmp_path / "out")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as demo:
        assert demo.stdout is not None
        assert demo.stderr is not None
        while demo.stdout.readline().strip() != "ready":
            pass
        os.killpg(demo.pid, signal.SIGINT)
        assert demo.wait() == 130
        assert (tmp_path / "in order").exists()
        assert "Run the same line again" in demo.stderr.read()


@pytest.mark.slow
def test_the_whole_way_twice(tmp_path: Path) -> None:
    out = tmp_path / "elsewhere"
    first = headrace("demo", "--data", EXAMPLES, "--out", out, "--quick")
    assert first.returncode == 0, first.stdout + first.stderr
    assert first.stdout.splitlines()[-1] == str(out / "report.html")
    page = (out / "report.html").read_text(encoding="utf-8")
    for name in ("text", "images", "photos", "mlm", "mae"):
        assert f"<h2>{name}</h2>" in page
    shards = {path: path.read_bytes() for path in out.glob("*/*.tar")}
    assert len(shards) >= 3

    # Every line it printed can be typed, and run again everything is there already.
    lines = [line[2:] for line in first.stdout.splitlines() if line.startswith("$ ")]
    verify = shlex.split(next(line for line in lines if " verify " in line))
    assert headrace(*verify[1:]).returncode == 0
    again = headrace("demo", "--data", EXAMPLES, "--out", out, "--quick")
    assert again.returncode == 0, again.stdout + again.stderr
    assert len(re.findall(r"\b0\s+of\s+\d+\s+tasks", again.stdout)) == 4
    assert {path: path.read_bytes() for path in out.glob("*/*.tar")} == shards
