"""How well triage does on labelled lines: `python benchmarks/triage.py [FILE] [--wrong] [--half 0|1]`. The figures of docs/triage.md."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from roomdesk.product.loading import check_folder
from roomdesk.product.vocabulary import vocabulary
from roomdesk.rules.triage_lines import answer_line

PRODUCTS = Path(__file__).parents[1] / "products"
LABELLED = Path(__file__).parents[1] / "tests/data/triage.jsonl"
ASKED = ("incident", "alert")


def main() -> None:
    words = argparse.ArgumentParser()
    words.add_argument("file", type=Path, nargs="?", default=LABELLED)
    words.add_argument("--wrong", action="store_true", help="print each line that is judged otherwise")
    words.add_argument("--half", type=int, choices=(0, 1), help="every other line only")
    given = words.parse_args()
    lines = [json.loads(line) for line in given.file.read_text("utf-8").splitlines()]
    if given.half is not None:
        lines = lines[given.half :: 2]
    own = {product.slug: product.triage.own for product in check_folder(PRODUCTS)}
    told: list[tuple[Any, Any]] = [
        (line, answer_line(json.dumps(line), lambda slug: vocabulary(own.get(slug)), with_why=True)) for line in lines
    ]
    if given.wrong:
        for line, found in told:
            wrong = [
                (name, line["expect"][name], found["expect"][name])
                for name in ("p0", "kind", "severity", "answer")
                if line["expect"][name] != found["expect"][name]
            ]
            asked = line["expect"]["kind"] in ASKED and line["expect"]["provided"] != found["expect"]["provided"]
            if wrong or asked:
                print(
                    line["id"],
                    line["locale"],
                    "|",
                    line["text"][:300].replace("\n", "⏎"),
                    "|",
                    *(f"{n}: {a} ≠ {b}" for n, a, b in wrong),
                    f"{line['expect']['provided']} ≠ {found['expect']['provided']}" if asked else "",
                    found["why"],
                )
    for name, value in figures([(line["expect"], found["expect"]) for line, found in told]).items():
        print(f"{name}: {value:.3f}")
    confusion = Counter((line["expect"]["kind"], found["expect"]["kind"]) for line, found in told)
    for (wanted, found), count in sorted(confusion.items()):
        if wanted != found:
            print(f"  {wanted} taken for {found}: {count}")


def figures(pairs: list[tuple[Any, Any]]) -> dict[str, float]:
    """Accuracy of p0, kind and severity; F1 of answers and of checklist items; critical ones judged below high."""
    right = {name: sum(a[name] == b[name] for a, b in pairs) / len(pairs) for name in ("p0", "kind", "severity")}
    answers = [({a["answer"]} - {None}, {b["answer"]} - {None}) for a, b in pairs]
    items = [(set(a["provided"]), set(b["provided"])) for a, b in pairs if a["kind"] in ASKED]
    missed = sum(a["severity"] == "critical" and b["severity"] not in ("critical", "high") for a, b in pairs)
    return {**right, "answer F1": _f1(answers), "items F1": _f1(items), "critical below high": float(missed)}


def _f1(pairs: list[tuple[set[str], set[str]]]) -> float:
    hits = sum(len(a & b) for a, b in pairs)
    wanted, found = sum(len(a) for a, _ in pairs), sum(len(b) for _, b in pairs)
    return 2 * hits / (wanted + found) if wanted + found else 1.0


if __name__ == "__main__":
    main()
