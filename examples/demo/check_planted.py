"""Look up in a build's ledger what became of the pages that got a benchmark item.

    python check_planted.py --planted crawl/planted.json --build text

Prints each item with the fate of its page. The exit code is 1 unless every item was found.
"""

import argparse
import json
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.dataset as ds


def fates(build: Path, urls: list[str]) -> dict[str, dict[str, str]]:
    """The ledger's rows of the records that came from `urls`, by URL."""
    ledger = ds.dataset(build / "ledger", format="parquet", exclude_invalid_files=True)
    columns = ["url", "fate", "stage", "reason", "evidence"]
    rows = ledger.to_table(columns=columns, filter=pc.field("url").isin(urls)).to_pylist()
    return {row["url"]: row for row in rows}


def found_item(row: dict[str, str]) -> str:
    """The benchmark item that was found in a record; empty where none was."""
    evidence = json.loads(row["evidence"] or "{}")
    return str(evidence.get("item", "")) if row["stage"] == "decontaminate" else ""


def main() -> int:
    """Compare what was planted with what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--planted", type=Path, required=True, metavar="FILE", help="planted.json of plant_benchmark.py"
    )
    parser.add_argument("--build", type=Path, required=True, metavar="DIR", help="output folder of `headrace build`")
    arguments = parser.parse_args()
    planted = json.loads(arguments.planted.read_text(encoding="utf-8"))
    rows = fates(arguments.build, [each["url"] for each in planted])

    for each in planted:
        row = rows[each["url"]]
        what = "kept" if row["fate"] == "kept" else f"{row['fate']} by {row['stage']}"
        print(f"  {each['item']:<14} {what}, found: {found_item(row) or 'nothing'}   {each['url']}")
    found = sum(found_item(rows[each["url"]]) == each["item"] for each in planted)
    print(f"\n{found} of {len(planted)} planted items were found, and their pages dropped.")
    return 0 if found == len(planted) else 1


if __name__ == "__main__":
    raise SystemExit(main())
