"""Words are found in whatever form and script they were said; what is marked is what was found."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomdesk.rules.search_index import Said, any_of, filed, quick, vector, wanted
from roomdesk.rules.search_marks import MORE, SHOWN, excerpt
from roomdesk.rules.search_query import Query, parse
from roomdesk.rules.search_words import clean, query_keys, words
from roomdesk.rules.stems import fold


def found(text: str, query: str) -> bool:
    """Whether one word of a query finds the text, as the index does it."""
    return bool({*query_keys(query)} & {key for word in words(clean(text)) for key in word.keys})


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("The invoices are wrong", "invoice"),
        ("The invoice is wrong", "Invoices"),
        ("We were invoiced twice", "invoicing"),
        ("Several companies", "company"),
        ("It stopped", "stopping"),
        ("The classes", "class"),
        ("As faturas não chegaram", "fatura"),
        ("A fatura não chegou", "faturas"),
        ("Dois cartões", "cartão"),
        ("O relatorio nao abre", "relatório"),
        ("Estamos pagando", "pagar"),
        ("Relatórios nacionais", "nacional"),
        ("Фактурите липсват", "фактура"),
        ("Няма фактура", "ФАКТУРИ"),
        ("Няколко поръчки", "поръчка"),
        ("Клиентът чака", "клиенти"),
        ("Фактурите липсват", "faktura"),
        ("Fakturite lipsvat", "фактури"),
        ("Pratete faktura", "фактурите"),
        ("Order 4711 is late", "4711"),
        ("ERR_1234", "err"),
        ("Straße", "STRASSE"),
        ("cafe\u0301", "café"),
    ],
)
def test_a_word_is_found_in_its_other_forms(text: str, query: str) -> None:
    assert found(text, query)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("The data is wrong", "date"),
        ("It is about this status", "stat"),
        ("Order 47112", "4711"),
        ("Com você", "comida"),
        ("Няма архив", "фактура"),
    ],
)
def test_another_word_is_not_found(text: str, query: str) -> None:
    assert not found(text, query)


@given(st.text(max_size=200))
def test_every_word_of_a_text_finds_it(text: str) -> None:
    text = clean(text)
    for word in words(text):
        assert found(text, text[word.start : word.end])


@given(st.text(max_size=30))
def test_a_folded_word_is_folded_already(word: str) -> None:
    assert fold(fold(word)) == fold(word)
    assert all(sign.isalnum() for sign in fold(word))


@given(st.text(max_size=600), st.text(max_size=20))
def test_the_parts_of_an_excerpt_are_the_text(text: str, word: str) -> None:
    parts = excerpt(text, Query(words=(word,)))
    told = "".join(part.text for part in parts)
    assert told.removeprefix(MORE).removesuffix(MORE) in clean(text) or MORE in clean(text)
    assert len(told) <= SHOWN + 2


def marked(text: str, query: str) -> list[str]:
    return [part.text for part in excerpt(text, parse(query)) if part.match]


@pytest.mark.parametrize(
    ("text", "query", "marks"),
    [
        ("Wrong invoices: the invoice", "invoice", ["invoices", "invoice"]),
        ("Фактурите са тук", "faktura", ["Фактурите"]),
        ("Not paid. Paid not.", '"not paid"', ["Not", "paid"]),
        ("An inventory, an invoice", "inv*", ["inventory", "invoice"]),
        ("See BC-1042 and BC-7", "BC-1042", ["BC", "1042"]),
        ("Nothing of it", "from:olga", []),
    ],
)
def test_what_is_marked_is_what_was_looked_for(text: str, query: str, marks: list[str]) -> None:
    assert marked(text, query) == marks


def test_an_excerpt_of_a_long_text_holds_the_hit_and_whole_words() -> None:
    text = f"{'before ' * 200}the needle {'after ' * 200}"
    parts = excerpt(text, parse("needle"))
    told = "".join(part.text for part in parts)
    assert [part.text for part in parts if part.match] == ["needle"]
    assert told.startswith("…before ") and told.endswith("after…") and len(told) <= SHOWN + 2


SAID = Said("Don't pay 4711", 7, "cloud", "@o'lga:x\\y", "customer", True, datetime(2026, 11, 26, 23, 59, tzinfo=UTC))


def test_a_message_is_filed_under_its_words_and_marks() -> None:
    assert words_of(SAID.text) == ["'don':1", "'t':2", "'pay':3", "'4711':4"]
    assert words_of("Invoices, the invoice") == ["'invoices':1", "'~invoic':1,3", "'the':2", "'invoice':3"]
    assert vector(SAID).endswith("'w:7' 'p:cloud' 'a:@o''lga:x\\\\y' 'k:customer' 'd:20783' 'm:649' 'h:file'")


def words_of(text: str) -> list[str]:
    return [word for word in filed(text).split() if not word.startswith(("'+", "'^"))]


def test_a_query_asks_for_all_of_its_parts() -> None:
    pair = [one for one in filed("It was NOT paid.").split() if one.startswith("'+")][-1]
    expected = ["('4711')", "('not' <-> 'paid')", pair, "'^inv'", "'^fac'", "'factu':*", "'h:file'"]
    assert wanted(parse('4711 "not paid" inv* factu* has:file')) == expected
    assert quick(expected) == ["('4711')", "'paid'", pair, "'^inv'", "'^fac'", "'h:file'"]
    assert "'^pai'" in filed("It was NOT paid.").split() and "'^it'" not in filed("It was NOT paid.").split()


def test_an_address_that_looks_like_a_phrase_is_asked_for_as_it_is() -> None:
    address = any_of(["a:@x' <-> 'y:z"])
    assert quick([address]) == [address]


@given(
    st.lists(st.sampled_from(["the", "invoice", "não", "É", "фактура", "4711", "don't", "x"]), min_size=2, max_size=8)
)
def test_a_phrase_asks_for_pairs_under_which_a_text_with_it_is_filed(said: list[str]) -> None:
    phrase = " ".join(said)
    pairs = [part for part in wanted(parse(f'"{phrase}"')) if part.startswith("'+")]
    assert len(pairs) >= 1 and {*pairs} <= {*filed(f"Before {phrase} after").split()}
