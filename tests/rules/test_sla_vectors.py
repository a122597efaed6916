"""R17, R21: every public vector is reproduced byte for byte, and a broken line is told what is wrong with it."""

import json
from pathlib import Path

import pytest

from roomdesk.rules.sla_lines import answer_line

LINES = (Path(__file__).parents[1] / "data/sla_vectors.jsonl").read_text("utf-8").splitlines()


def compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def test_there_are_three_hundred_vectors():
    assert len(LINES) == 300


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[7:15])
def test_a_vector_is_reproduced_byte_for_byte(line):
    vector = json.loads(line)
    answer = answer_line(line)
    assert answer["id"] == vector["id"]
    assert line.endswith(compact(answer["expect"]) + "}"), vector["note"]
