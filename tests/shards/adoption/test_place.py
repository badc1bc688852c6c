"""Where what is written goes, and what a manifest can name."""

from pathlib import Path

import pytest

from headrace.shards.adoption.listing import Tar
from headrace.shards.adoption.place import Place, place_of, refuse_to_overwrite
from headrace.shards.base.errors import UsageError
from headrace.shards.format.manifest import Manifest


def place(*urls: str, out: str | None = None) -> Place:
    return place_of([Tar(url, 0, "") for url in urls], out)


def test_beside_the_tars() -> None:
    assert place("a.tar", "b.tar") == Place(".", None, ("a.tar", "b.tar"))
    assert place("d/a.tar") == Place("d", None, ("a.tar",))
    assert place("d/x/a.tar", "d/y/a.tar") == Place("d", None, ("x/a.tar", "y/a.tar"))
    assert place("x/a.tar", "y/a.tar") == Place(".", None, ("x/a.tar", "y/a.tar"))
    assert place("../x/a.tar", "../y/a.tar") == Place("..", None, ("x/a.tar", "y/a.tar"))
    assert place("/x/a.tar", "/y/a.tar") == Place("/", None, ("x/a.tar", "y/a.tar"))
    assert place("s3://b/x/a.tar", "s3://b/y/a.tar") == Place("s3://b", None, ("x/a.tar", "y/a.tar"))


def test_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    assert place(f"{tmp_path}/d/a.tar", out="o") == Place("o", f"{tmp_path}/d", ("a.tar",))
    assert place(f"{tmp_path}/d/a.tar", out=f"{tmp_path}/d") == Place(f"{tmp_path}/d", None, ("a.tar",))
    assert place("https://h:80/x/a.tar", out="o") == Place("o", "https://h:80/x", ("a.tar",))
    assert place("s3://b/x/a.tar", out="s3://b/x/") == Place("s3://b/x/", None, ("a.tar",))


@pytest.mark.parametrize(
    ("urls", "out", "words"),
    [
        (("s3://a/x.tar", "s3://b/x.tar"), None, "no folder in common"),
        (("s3://a/x.tar", "https://b/x.tar"), "o", "no folder in common"),
        (("s3://a/x.tar", "x.tar"), "o", "no folder in common"),
        (("x.tar", "../x.tar"), None, "no folder in common"),
        (("https://a/x.tar",), None, "beside the tars"),
        (("/a/x.tar",), "s3://b/o", "cannot lead to tars on this machine"),
        (("d/.x.tar",), None, "cannot name this tar"),
        (("d/a:b.tar",), None, "cannot name this tar"),
        (("d/\udcff.tar",), None, "cannot name this tar"),
        (("simplecache::s3://a/x.tar",), "o", "cannot lead to"),
    ],
)
def test_what_is_refused(urls: tuple[str, ...], out: str | None, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        place(*urls, out=out)


def test_another_commands_manifest_stays(tmp_path: Path) -> None:
    refuse_to_overwrite(str(tmp_path))
    Manifest(kind="samples", name="x", recipe={"index": {}}).save(tmp_path)
    refuse_to_overwrite(str(tmp_path))
    Manifest(kind="samples", name="x").save(tmp_path)
    with pytest.raises(UsageError, match="not from `headrace index`"):
        refuse_to_overwrite(str(tmp_path))
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(UsageError, match="is there already"):
        refuse_to_overwrite(str(tmp_path))
