"""RFC 8785 by the library, and whoever spells it without the library spells the same bytes; hashes of before stay what they were (decision 0036)."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from json.encoder import encode_basestring_ascii
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import rfc8785
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

import roomdesk_guard as guard
from roomdesk.audit import chain, offline
from roomdesk.audit.models import Content, Entry
from roomdesk.audit.verify import verify
from roomdesk.audit.work import Actor, Work
from roomdesk.cases.models import Case
from roomdesk.product.canonical import canonical_text, content_hash
from roomdesk.product.loading import check_folder
from roomdesk.rules.canonical_json import canonical_json, sha256_of
from roomdesk.rules.errors import RuleError
from tests.audit.owner import tamper
from tests.cases_api.place import command
from tests.harness.database import Databases

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
WHOLE = 2**53 - 1
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-WHOLE, WHOLE) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
#: Of one entry: every field that its hash is over.
FIELDS = st.fixed_dictionaries({name: st.integers(0, WHOLE) if name == "seq" else TEXTS for name in offline.FIELDS})


def before(value: Any) -> str:
    """How actions were spelt before the library."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{json.dumps(n, ensure_ascii=False)}:{before(value[n])}" for n in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(before, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def ascii_before(value: Any) -> str:
    """How the chain was spelt before the library."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


@given(VALUES)
def test_everybody_who_spells_it_spells_what_the_library_does_and_what_was_spelt_before(value: Any) -> None:
    library = rfc8785.dumps(value)
    assert canonical_json(value).encode() == chain.canonical(value).encode() == library
    assert guard.canonical(value).encode() == before(value).encode() == library
    assert sha256_of(value) == guard.digest(value) == hashlib.sha256(library).hexdigest()


#: What entries tell of, what the library cannot spell among it.
TOLD = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.sampled_from("\x00\x1f \"\\/az\x7f\x80\u0416\u2028\ud7ff\ud83d\ude00\ue000\uffff\U0001f600"), max_size=6)
    | st.builds(datetime.fromtimestamp, st.floats(0, 2**32), st.sampled_from([UTC, ZoneInfo("Europe/Sofia")])) | st.sampled_from(list(Case.State)),
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner)
    | st.dictionaries(st.text(st.sampled_from("aZ\n\ue000\uffff\U0001f600"), max_size=3) | st.integers(0, 20) | st.booleans() | st.none(), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(TOLD)
def test_what_is_spelt_without_the_library_is_spelt_as_by_it(value: Any) -> None:
    assert chain.canonical(value) == rfc8785.dumps(chain._plain(value)).decode()


def test_a_usual_entry_is_spelt_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rfc8785, "dumps", lambda _: pytest.fail("the library was asked"))
    told = {
        "policy": {"version": 3, "product": "bos"},
        "at": AT,
        "addons": ["ж", "\x7f"],
        "soft": False,
        "due_at": None,
    }
    assert chain.canonical(told) == (
        '{"addons":["ж","\x7f"],"at":"2026-03-02T08:00:00.000000Z","due_at":null,"policy":{"product":"bos","version":3},"soft":false}'
    )  # fmt: skip


@given(FIELDS)
def test_an_entry_spelt_out_is_what_the_library_makes_of_its_fields(fields: dict[str, Any]) -> None:
    """Of the desk, and of the program that an export carries."""
    library = rfc8785.dumps(fields)
    assert (
        chain.form(**fields).encode() == offline.canonical({**fields, "hash": "x", "content": {}}).encode() == library
    )
    assert chain.link(fields) == hashlib.sha256(library).hexdigest()


@given(FIELDS, FIELDS)
def test_an_entry_has_its_hash_of_before_too_and_no_other_entry_has_it(
    fields: dict[str, Any], other: dict[str, Any]
) -> None:
    old = hashlib.sha256(ascii_before(fields).encode()).hexdigest()
    assert chain.is_link(fields, old) and chain.is_link(fields, chain.link(fields))
    if other != fields:
        assert not chain.is_link(other, old) and not chain.is_link(other, chain.link(fields))


@given(st.fixed_dictionaries({n: st.integers(0, WHOLE) if n == "seq" else st.text("\n\t !~aZ09\"\\", max_size=9) for n in offline.FIELDS}))  # fmt: skip
def test_entries_in_ascii_have_one_hash_then_and_now(fields: dict[str, Any]) -> None:
    assert chain.form(**fields) == ascii_before(fields) == chain.form(**fields, _text=encode_basestring_ascii)


def test_products_that_ship_are_the_same_versions_as_before() -> None:
    for product in check_folder(ROOT / "products"):
        plain = product.model_dump(mode="json", by_alias=True)
        old = json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        assert canonical_text(product) == old
        assert content_hash(product) == hashlib.sha256(old.encode()).hexdigest()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        # RFC 8785, 3.2.3 and the test data that it names, without what has a fraction.
        ({"\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One", "\U0001f600": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"},
         '{"\\r":"Carriage Return","1":"One","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis","\u20ac":"Euro Sign","\U0001f600":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}'),
        ({"literals": [None, True, False], "string": "\u20ac$\u000f\nA'\u0042\u0022\u005c\\\"\u002f"}, '{"literals":[null,true,false],"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'),
        ([56, {"d": True, "10": None, "1": []}], '[56,{"1":[],"10":null,"d":true}]'),
        ({"peach": "This sorting order", "p\u00e9ch\u00e9": "is wrong according to French", "p\u00eache": "but canonicalization MUST", "sin": "ignore locale"},
         '{"peach":"This sorting order","p\u00e9ch\u00e9":"is wrong according to French","p\u00eache":"but canonicalization MUST","sin":"ignore locale"}'),
        ({"1": {"f": {"f": "hi", "F": 5}, "\n": 56}, "10": {}, "": "empty", "a": {}, "111": [{"e": "yes", "E": "no"}], "A": {}},
         '{"":"empty","1":{"\\n":56,"f":{"F":5,"f":"hi"}},"10":{},"111":[{"E":"no","e":"yes"}],"A":{},"a":{}}'),
        ({"Unnormalized Unicode": "A\u030a"}, '{"Unnormalized Unicode":"A\u030a"}'),
        ({"</script>": "Browser Challenge", "\n": "Newline", "\u0080": "Control\u007f"}, '{"\\n":"Newline","</script>":"Browser Challenge","\u0080":"Control\u007f"}'),
    ],
)  # fmt: skip
def test_the_examples_of_the_rfc(value: Any, text: str) -> None:
    assert canonical_json(value) == chain.canonical(value) == guard.canonical(value) == text


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({"a": [1, 2.5]}, "a[1] is 2.5: only whole numbers up to 2^53 - 1 are taken; write it as text."),
        ({"a": {"b": float("nan")}}, "a.b is nan: only whole numbers up to 2^53 - 1 are taken; write it as text."),
        (2**53, "The value is 9007199254740992: only whole numbers up to 2^53 - 1 are taken; write it as text."),
        ({"a": "\ud83d"}, "a holds half a character, or a name that is no text."),
        ({"a": {1: 2}}, "a holds half a character, or a name that is no text."),
        ({"a": (1,)}, "a is (1,): only whole numbers up to 2^53 - 1 are taken; write it as text."),
    ],
)
def test_what_programs_spell_otherwise_is_refused_with_its_place_before_the_library_is_asked(
    value: Any, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rfc8785, "dumps", lambda _: pytest.fail("the library was asked"))
    with pytest.raises(RuleError) as told:
        canonical_json(value)
    assert str(told.value) == sentence


def test_an_entry_tells_also_of_what_the_rfc_cannot_spell() -> None:
    """What happened is told, whatever somebody wrote: an entry that fails would take the act along."""
    told = {"at": AT, "half": "a\ud83d", "large": 2**60, "share": 0.5, 7: (1, True, None)}
    text = chain.canonical(told)
    assert text == '{"7":[1,true,null],"at":"2026-03-02T08:00:00.000000Z","half":"a\ufffd","large":"1152921504606846976","share":0.5}'  # fmt: skip
    with pytest.raises(TypeError, match="bytes has no place in an audit entry"):
        chain.canonical({"a": b""})


@pytest.fixture(scope="module")
def grown(databases: Databases) -> Iterator[tuple[str, str]]:
    """A chain that was begun in the spelling of before and goes on in that of now, and its database."""
    scope = "workspace:олга"
    with databases.copy() as address:
        with pytest.MonkeyPatch.context() as past:
            past.setattr(chain, "link", lambda fields: hashlib.sha256(ascii_before(dict(fields)).encode()).hexdigest())
            past.setattr(chain, "canonical", ascii_before)
            _write(scope, 3)
        _write(scope, 3)
        connection.close()
        yield scope, address


def _write(scope: str, count: int) -> None:
    with transaction.atomic():
        work = Work(AT, Actor("cli", "Олга"))
        for number in range(count):
            work.audit("case.note", f"case:№{number}", {"note": "Кирилица"}, scope=scope)
        work.flush()


def test_a_chain_of_before_goes_on_and_is_verified_by_both_programs(grown: tuple[str, str], tmp_path: Path) -> None:
    scope, _ = grown
    texts = list(Content.objects.filter(entry_id__in=Entry.objects.filter(scope=scope)).order_by("entry_id").values_list("data", flat=True))  # fmt: skip
    assert [text.isascii() for text in texts] == [True] * 3 + [False] * 3
    verdict = verify(scope)
    assert (verdict.fault, verdict.entries) == (None, 6)
    entries = [json.loads(line) for line in command("audit", "export", scope).stdout.splitlines()]
    assert _checked(tmp_path, entries)[0] == 0
    # Of either spelling, a field that is another is found, and where.
    for number in (2, 5):
        wrong = [dict(one) for one in entries]
        wrong[number - 1]["subject"] = "case:№7"
        assert _checked(tmp_path, wrong) == (1, f"WRONG: number {number} is not what was written\n")


@pytest.mark.parametrize("seq", [2, 5])
def test_of_either_spelling_a_change_in_the_database_is_found(grown: tuple[str, str], seq: int) -> None:
    scope, address = grown
    connection.close()
    change = f"UPDATE audit_entry SET actor = '{{}}' WHERE scope = '{scope}' AND seq = {seq}"
    tamper(address, change.format("Ольга"))
    fault = verify(scope).fault
    assert fault is not None and (fault.seq, "was changed after it was written" in fault.reason) == (seq, True)
    connection.close()
    tamper(address, change.format("Олга"))
    assert verify(scope).fault is None


def _checked(folder: Path, entries: list[dict[str, Any]]) -> tuple[int, str]:
    """What the program of an export says, by Python alone."""
    (folder / "chain.jsonl").write_text("".join(offline.compact(one) + "\n" for one in entries), "ascii")
    (folder / "keys.json").write_text("[]", "utf-8")
    (folder / "verify.py").write_bytes(Path(offline.__file__).read_bytes())
    done = subprocess.run([sys.executable, "-I", "-S", str(folder / "verify.py")], capture_output=True, text=True, check=False)  # fmt: skip
    return done.returncode, done.stdout
