"""The language of search: what it means, what it refuses and in which words; nothing else ever comes out of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomdesk.rules.search_query import FILTERS, LONGEST, Query, QueryError, parse


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("invoice", Query(words=("invoice",))),
        ("  Invoice \n VAT ", Query(words=("Invoice", "VAT"))),
        ('"cannot be saved"', Query(phrases=(("cannot", "be", "saved"),))),
        ("„не може“", Query(phrases=(("не", "може"),))),
        ("«não pode»", Query(phrases=(("não", "pode"),))),
        ('"invoice"', Query(phrases=(("invoice",),))),
        ("inv*", Query(prefixes=("inv",))),
        ("факт*", Query(prefixes=("факт",))),
        ("BC-1042", Query(phrases=(("BC", "1042"),))),
        ("don't", Query(phrases=(("don", "t"),))),
        ("wrong - vat !", Query(words=("wrong", "vat"))),
        ("12:30", Query(phrases=(("12", "30"),))),
        ("https://x.test/a", Query(phrases=(("https", "x", "test", "a"),))),
        ("from:olga", Query(author="olga")),
        ("FROM:olga", Query(author="olga")),
        ('from:"@olga:x.test" vat', Query(words=("vat",), author="@olga:x.test")),
        ("workspace:acme case:bc-1042", Query(workspace="acme", case="BC-1042")),
        ("has:file", Query(has_file=True)),
        ("after:2026", Query(after=datetime(2026, 1, 1, tzinfo=UTC))),
        ("after:2026-03", Query(after=datetime(2026, 3, 1, tzinfo=UTC))),
        ("before:2026-03-31", Query(before=datetime(2026, 3, 31, tzinfo=UTC))),
        ("before:2026-03-31T09:00+03:00", Query(before=datetime(2026, 3, 31, 6, tzinfo=UTC))),
        ("after:2026-03-31T09:00", Query(after=datetime(2026, 3, 31, 9, tzinfo=UTC))),
        ("note:hello", Query(phrases=(("note", "hello"),))),
        ("a\0b", Query(words=("a", "b"))),
    ],
)
def test_what_is_asked_is_what_is_meant(text: str, means: Query) -> None:
    assert parse(text) == means


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "The search holds no word; say what to look for."),
        (" … !", "The search holds no word; say what to look for."),
        ('"', 'A quotation mark (") is opened and not closed.'),
        ('vat "not closed', 'A quotation mark (") is opened and not closed.'),
        ('""', 'The phrase "" holds no word.'),
        ("*", '"*" is refused: before * there must be one word with at least 3 letters.'),
        ("in*", '"in*" is refused: before * there must be one word with at least 3 letters.'),
        ("a-bcd*", '"a-bcd*" is refused: before * there must be one word with at least 3 letters.'),
        ("from:", "from: is there without a value, such as from:olga or from:staff."),
        ('case:""', "case: is there without a value, such as case:BC-1042."),
        ("from:olga from:oto", "from: is there twice; give it once."),
        ("has:picture", "has:picture is refused: there is only has:file."),
        (
            "before:yesterday",
            "before:yesterday is refused: give a day such as before:2026-11-21, a month such as before:2026-11, or an instant.",
        ),
        ("after:2026-01-01 before:2026-01-01", "after: is not earlier than before:, so nothing lies between them."),
        ("word " * 21, "The search has more than 20 words and phrases; leave some out."),
        ("-".join("abcdefghijklmnopqrstu"), "A phrase has more than 20 words; leave some out."),
        ("x" * (LONGEST + 1), "The search has 501 characters; 500 are the most."),
    ],
)
def test_what_cannot_be_understood_is_refused_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(QueryError) as refused:
        parse(text)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    "day", ["2026-13", "2026-02-30", "0000", "26-01-01", "2026-1-1", "20260101", "2026-W01", "T", "2026-01-01T99"]
)
def test_a_day_that_is_none_is_refused(day: str) -> None:
    with pytest.raises(QueryError, match=f"after:{day} is refused: give a day"):
        parse(f"after:{day}")


PIECES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ['"', "*", ":", " ", "'", "\\", "&", "|", "!", "<->", "(", "\0", "\ud800", "inv*", "²", "ß", "İ", "ǆ"]
    ),
    st.builds("{}:{}".format, st.sampled_from(FILTERS), st.text(max_size=8)),
)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_any_text_is_understood_or_refused_in_a_sentence(text: str) -> None:
    try:
        query = parse(text)
    except QueryError as refused:
        assert str(refused).endswith(".")
    else:
        assert query != Query()
