"""`roomdesk-guard` runs nothing unless everything about the receipt is right, and what it began it never begins again (R35, D45)."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

import roomdesk_guard as guard
from roomdesk.audit import offline
from roomdesk.rules.canonical_json import canonical_json
from tests.fakes.desk import TOKEN, Desk, desk

ACTION = {"do": "restore", "target": "current"}
REF = "BC-C12"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with desk() as running:
        for name, value in (("URL", running.url), ("TOKEN", TOKEN), ("KEY", running.public)):
            monkeypatch.setenv(f"ROOMDESK_{name}", value)
        monkeypatch.setattr(guard, "TRIES", 1)
        yield running


class Script:
    """A command that leaves a mark each time it runs."""

    def __init__(self, folder: Path, code: int = 0) -> None:
        self.mark, self.state, self.code = folder / "mark", folder / "state", code

    def run(self, *more: str, action: Any = ACTION) -> int:
        line = f"import os, sys; open({str(self.mark)!r}, 'a').write(os.environ.get('ROOMDESK_TOKEN', '-')); sys.exit({self.code})"  # fmt: skip
        words = ["run", "--consent", REF, "--action", json.dumps(action), "--state", str(self.state), *more]
        return guard.main([*words, "--", sys.executable, "-c", line])

    @property
    def ran(self) -> int:
        return len(self.mark.read_text()) if self.mark.exists() else 0


@pytest.fixture
def script(tmp_path: Path) -> Script:
    return Script(tmp_path)


def test_it_runs_with_a_good_receipt_without_our_secrets_and_reports_its_exit(server: Desk, tmp_path: Path) -> None:
    script = Script(tmp_path, code=3)
    assert (script.run(), script.ran) == (3, 1)
    assert script.mark.read_text() == "-", "the command sees no token"
    (consume, body), (result, told) = server.calls
    assert (consume, body["action"], result) == ("consume", ACTION, "result")
    assert (told["result"], told["code"]) == ("failed", 3)
    (receipt,) = script.state.glob("*.receipt")
    assert guard.main(["verify", str(receipt)]) == 0
    receipt.write_text(receipt.read_text().replace("current", "currant"))
    assert guard.main(["verify", str(receipt)]) == guard.REFUSED


WRONG: dict[str, Any] = {
    "another consent": {"consent": "BC-C13"},
    "another action": {"action": {"do": "drop"}},
    "another hash": {"action_sha256": "0" * 64},
    "another run": {"nonce": "somebody-else's"},
    "no receipt": {"type": "roomdesk.audit.root.1"},
}


@pytest.mark.parametrize("what", WRONG)
def test_a_receipt_that_is_not_for_this_runs_nothing(server: Desk, script: Script, what: str) -> None:
    server.wrong = lambda receipt: {**receipt, **WRONG[what]}
    assert (script.run(), script.ran) == (guard.REFUSED, 0)


@pytest.mark.parametrize(
    "answer",
    [
        (409, {"detail": "BC-C12 is not granted (yet). Do nothing.", "reason": "not_granted"}), (401, {}), (404, b"?"), (500, {}), (200, {}), (200, []), (200, b""),
        (200, {"signed": "{}", "signature": "00" * 64}), (200, {"signed": 5}), (200, b"\xff"), (302, {}), (307, {}), (204, b""),
    ],
)  # fmt: skip
def test_any_other_answer_runs_nothing(server: Desk, script: Script, answer: tuple[int, Any]) -> None:
    server.answer = answer
    assert (script.run(), script.ran) == (guard.REFUSED, 0)


def test_a_signature_of_somebody_else_or_none_runs_nothing(
    server: Desk, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROOMDESK_KEY", Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex())  # fmt: skip
    assert (script.run(), script.ran) == (guard.REFUSED, 0)


@pytest.mark.parametrize("name", ["URL", "TOKEN", "KEY"])
def test_without_its_settings_nothing_is_even_asked(
    server: Desk, script: Script, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delenv(f"ROOMDESK_{name}")
    assert (script.run(), script.ran, server.calls) == (guard.REFUSED, 0, [])


@pytest.mark.parametrize("url", ["http://desk.example.org", "ftp://127.0.0.1", "desk.example.org", "https://", "http://127.0.0.1.example.org"])  # fmt: skip
def test_a_token_is_never_sent_in_the_open(
    server: Desk, script: Script, monkeypatch: pytest.MonkeyPatch, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ROOMDESK_URL", url)
    assert (script.run(), script.ran, server.calls, script.state.exists()) == (guard.REFUSED, 0, [], False)
    assert "https://" in capsys.readouterr().err


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
def test_notes_that_others_could_take_away_are_none(server: Desk, script: Script, mode: int) -> None:
    script.state.mkdir()
    script.state.chmod(mode)
    assert (script.run(), script.ran, server.calls, list(script.state.iterdir())) == (guard.REFUSED, 0, [], [])


@pytest.mark.parametrize("code", [302, 403, 404, 407])
def test_a_no_of_something_on_the_way_keeps_the_use(server: Desk, script: Script, code: int) -> None:
    """The desk may have said yes, and its receipt is there for this run's nonce."""
    server.answer = (code, {"message": "Please sign in to the proxy"})
    assert (script.run(), script.ran) == (guard.REFUSED, 0)
    server.answer = None
    assert (script.run(), script.ran) == (0, 1)
    assert len({body["nonce"] for act, body in server.calls if act == "consume"}) == 1


def test_that_it_began_stands_on_disk_with_its_name_before_the_command(
    server: Desk, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    whole, begin = guard.os.fsync, guard.subprocess.run

    def note(number: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{number}").readlink()))
        whole(number)

    def run(*words: Any, **given: Any) -> Any:
        (kept,) = script.state.glob("*.json")
        assert json.loads(kept.read_text())["state"] == "running"
        assert synced[-1] == str(script.state), "a name in a folder is on disk when the folder is"
        return begin(*words, **given)

    monkeypatch.setattr(guard.os, "fsync", note)
    monkeypatch.setattr(guard.subprocess, "run", run)
    assert (script.run(), script.ran) == (0, 1)


def test_nobody_there_runs_nothing(server: Desk, script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOMDESK_URL", "http://127.0.0.1:9")
    assert (script.run(), script.ran) == (guard.REFUSED, 0)


def test_a_run_cut_short_before_the_command_goes_on_with_the_same_use(server: Desk, script: Script) -> None:
    server.answer = (500, {})
    script.run()
    server.answer = None
    assert (script.run(), script.ran) == (0, 1)
    nonces = {body["nonce"] for act, body in server.calls if act == "consume"}
    assert len(nonces) == 1
    assert (script.run(), script.ran) == (guard.REFUSED, 1), "and is not done again"


def test_a_run_cut_short_in_the_command_is_left_to_people(server: Desk, script: Script) -> None:
    script.run()
    (note,) = script.state.glob("*.json")
    note.write_text(json.dumps({**json.loads(note.read_text()), "state": "running"}))
    assert (script.run(), script.ran) == (guard.REFUSED, 1)


def test_a_plain_no_of_the_desk_is_asked_anew_and_another_action_is_not(server: Desk, script: Script) -> None:
    server.answer = (409, {"detail": "Not yet.", "reason": "not_granted"})
    script.run()
    server.answer = (500, {})
    script.run()
    assert len({body["nonce"] for _, body in server.calls}) == 2
    server.answer = None
    assert (script.run(action={"do": "drop"}), script.ran) == (guard.REFUSED, 0)


def test_a_dry_run_runs_nothing(server: Desk, script: Script) -> None:
    assert (script.run("--dry-run"), script.ran) == (0, 0)
    assert server.calls[0][1]["dry_run"] is True and not script.state.exists()


def test_a_command_that_is_not_there_is_told(server: Desk, script: Script) -> None:
    words = ["run", "--consent", REF, "--action", "{}", "--state", str(script.state), "--", "/no/such/program"]
    assert guard.main(words) == guard.NOT_STARTED
    assert server.calls[-1][1]["result"] == "failed"


@given(st.recursive(st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(exclude_categories=["Cs"])), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=3), max_leaves=8))  # fmt: skip
def test_both_sides_spell_an_action_alike(value: Any) -> None:
    text = canonical_json(value)
    assert guard.canonical(value) == text and json.loads(text) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, None, "é\n\u0007\"\\"]}, '{"a":[true,null,"é\\n\\u0007\\"\\\\"],"b":1}'),
        # RFC 8785, 3.2.3: sorted by UTF-16, so that the emoji stands before U+FB33.
        ({"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7},
         '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\U0001f600":5,"\ufb33":3}'),
    ],
)  # fmt: skip
def test_the_spelling_is_that_of_rfc_8785(value: Any, text: str) -> None:
    assert canonical_json(value) == guard.canonical(value) == text


@pytest.mark.parametrize("verify", [guard.is_signed, offline.is_signed])
def test_signatures_are_checked_as_the_library_does(verify: Any) -> None:
    chance = random.Random(8032)
    for _ in range(6):
        key, message = Ed25519PrivateKey.generate(), chance.randbytes(chance.randrange(200))
        public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        signature = key.sign(message)
        assert verify(message, signature.hex(), public.hex())
        place = chance.randrange(64)
        wrong = signature[:place] + bytes([signature[place] ^ 1 << chance.randrange(8)]) + signature[place + 1 :]
        assert not verify(message, wrong.hex(), public.hex())
        assert not verify(message + b"x", signature.hex(), public.hex())
