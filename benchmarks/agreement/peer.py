"""datatrove's verdicts, in its own environment.

python -m benchmarks.agreement.peer TASKS.jsonl VERDICTS.jsonl
"""

import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

from .pairs import PAIRS


def main() -> None:
    """Each document by each filter on its own, untouched by the others: a reason, or null."""
    from datatrove.data import Document

    tasks, verdicts = map(Path, sys.argv[1:])
    with tasks.open() as lines, verdicts.open("w") as out:
        for task in map(json.loads, lines):
            found = {}
            for name, rules in _filters(task["language"], tuple(task["stop_words"])).items():
                verdict = rules.filter(Document(text=task["text"], id=task["id"]))
                found[name] = None if verdict is True else verdict[1]
            out.write(json.dumps(found) + "\n")


@cache
def _filters(language: str, stop_words: tuple[str, ...]) -> dict[str, Any]:
    """All four for one language."""
    from datatrove.pipeline import filters

    extras = {pair.ours: {"stop_words": list(stop_words)} if pair.stop_words else {} for pair in PAIRS}
    return {pair.ours: getattr(filters, pair.theirs)(language=language, **extras[pair.ours]) for pair in PAIRS}


if __name__ == "__main__":
    main()
