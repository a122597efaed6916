"""R17, R21: every public vector is reproduced byte for byte, and a broken line is told what is wrong with it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from roomdesk.rules.sla_lines import answer_line
from tests.rules.test_refusals import LINE, OFFICE, WRONG_CALENDARS, WRONG_LINES, WRONG_TARGETS

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


def questions_only(line: str) -> str:
    """The line as it is asked: without the answer and the note."""
    return json.dumps({key: value for key, value in json.loads(line).items() if key not in ("expect", "note")})


def run_due(lines: list[str]) -> list[bytes]:
    """What `roomdesk sla due`, run as anybody runs it and without a desk, writes for these lines."""
    command = [Path(sys.executable).with_name("roomdesk"), "sla", "due"]
    asked = "\n".join(lines).encode("utf-8", "surrogatepass")
    done = subprocess.run(command, input=asked, capture_output=True, env={"ROOMDESK_DATA": "/nowhere"}, check=True)
    assert done.stderr == b""
    return done.stdout.splitlines()


def test_the_command_reproduces_every_vector_byte_for_byte():
    for line, answer in zip(LINES, run_due(list(map(questions_only, LINES))), strict=True):
        name, expect = json.loads(line)["id"], line[line.index(',"expect":') :]
        assert answer == f'{{"id":"{name}"{expect}'.encode()


def test_the_command_refuses_every_broken_line_with_its_sentence_and_goes_on():
    broken = [({"calendar": {**OFFICE, **changes}}, sentence) for changes, sentence in WRONG_CALENDARS]
    broken += [({"target": target}, sentence) for target, sentence in WRONG_TARGETS]
    broken += WRONG_LINES
    lines = []
    for changes, _ in broken:
        lines += [json.dumps({**LINE, **changes}, default=str), "{", questions_only(LINES[0])]
    answers = [json.loads(answer) for answer in run_due(lines)]
    for number, (_, sentence) in enumerate(broken):
        refused, no_line, good = answers[3 * number : 3 * number + 3]
        assert refused.keys() == no_line.keys() == {"id", "error"}
        assert (refused["id"], no_line["id"]) == ("x", None)
        assert sentence in refused["error"]
        assert good == {"id": "pub-0001", "expect": json.loads(LINES[0])["expect"]}
    assert len(answers) == 3 * len(broken)
