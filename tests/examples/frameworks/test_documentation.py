"""docs/frameworks.md shows what the examples hold, word for word."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
BLOCK = re.compile(r"^```python\n# (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_code_is_that_of_the_examples() -> None:
    blocks = BLOCK.findall((ROOT / "docs" / "frameworks.md").read_text(encoding="utf-8"))
    missing = [text for name, text in blocks if text not in (ROOT / "examples" / "frameworks" / name).read_text()]
    assert missing == []
    assert {name for name, _ in blocks} == {path.name for path in (ROOT / "examples" / "frameworks").glob("*.py")}
