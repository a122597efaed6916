"""What a search finds, and what it does not: by REST, over what was said in three rooms. Nothing here changes anything."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomdesk.audit.work import Actor
from roomdesk.cases.models import Case
from roomdesk.record.models import Findable, Message
from roomdesk.refusals import Conflict
from roomdesk.rules.search_query import FILTERS
from tests.cases_api.place import Rest, command, nothing_changes, token, told
from tests.search.talk import found, page

QUERIES = (
    ("invoice", ["$en2", "$en1"]),
    ("invoices march", ["$en1"]),
    ("INVOICED", ["$en2", "$en1"]),
    ("фактура", ["$bg1"]),
    ("faktura", ["$bg1"]),
    ("fatura", ["$pt1"]),
    ("integracao", ["$pt1"]),
    ("março", ["$pt1"]),
    ('"cannot be saved"', ["$phrase"]),
    ("cannot be saved", ["$scramble", "$phrase"]),
    ('"invoices march"', []),
    ("inv*", ["$en2", "$en1"]),
    ("факт*", ["$bg1"]),
    ("inva*", []),
    ("4711", ["$en2"]),
    ("471", []),
    ("zephyr", ["$file", "$answer"]),
    ("has:file", ["$file"]),
    ("has:file invoice", []),
    ("from:asen invoice", ["$en2"]),
    ("from:nobody invoice", []),
    ("from:staff zephyr", ["$answer"]),
    ("from:customer zephyr", ["$file"]),
    ("from:desk quince", ["$notice"]),
    ("from:@asen:{server} invoice", ["$en2"]),
    ("workspace:birch saved", ["$phrase"]),
    ("case:{case} invoice", ["$en1"]),
    ("after:2026-03-02T08:02:30Z invoice", []),
    ("after:2026-03-02T08:01:30Z invoice", ["$en2"]),
    ("before:2026-03-02T08:01:30Z invoice", ["$en1"]),
    ("after:2026-03 before:2026-04 march", ["$en1"]),
    ("before:2026-03-01 invoice", []),
    ("mandarin", ["$edited"]),
    ("nothinglikethis", []),
)


@pytest.fixture(scope="module")
def rest(talk: str) -> Rest:
    """A token of the whole installation, over one database for this file."""
    return Rest(token("all", "cases:read"))


@pytest.mark.parametrize(("query", "events"), QUERIES)
def test_a_query_finds_what_it_says_the_newest_first(rest: Rest, query: str, events: list[str]) -> None:
    from roomdesk.bootstrap import settings as ours

    first = Message.objects.get(external_id="$en1")
    assert first.case is not None
    assert found(rest, query.format(server=ours.matrix_server_name, case=first.case.ref)) == events


def test_a_hit_says_where_it_is_and_marks_what_was_looked_for(rest: Rest) -> None:
    (hit,) = page(rest, "from:olga invoices")["items"]
    case = Case.objects.get(messages_of("$en1"))
    assert (hit["workspace"], hit["case"], hit["author"], hit["author_kind"]) == ("acme", case.ref, "olga", "customer")
    assert [part for part in hit["excerpt"] if part["match"]] == [{"text": "invoices", "match": True}]
    assert "".join(part["text"] for part in hit["excerpt"]) == hit["text"]


def messages_of(event_id: str) -> Any:
    from django.db.models import Q

    return Q(pk=Message.objects.get(external_id=event_id).case_id)


def test_an_older_version_and_another_hands_edit_are_not_found(rest: Rest) -> None:
    assert found(rest, "kumquat") == []
    assert found(rest, "looking zephyr") == ["$answer"]


def test_what_was_removed_is_not_found_nor_told_by_any_filter(rest: Rest) -> None:
    for query in ("persimmon", "persim*", '"password is persimmon"', "workspace:acme password"):
        assert found(rest, query) == []
    for query in ("from:olga", "workspace:acme", "after:2026", f"case:{case_of('$removed')}"):
        assert "persimmon" not in rest.get(f"search?q={query}&limit=100").content.decode()


def case_of(event_id: str) -> str:
    case = Message.objects.get(external_id=event_id).case
    assert case is not None
    return case.ref


def test_what_a_restricted_case_holds_is_not_found(rest: Rest) -> None:
    for query in ("tamarind", "workspace:birch", f"case:{case_of('$secret')}", "from:olga", "after:2026"):
        assert "tamarind" not in rest.get(f"search?q={query}&limit=100").content.decode()
    done = command("record", "search", "tamarind")
    assert (done.exit_code, done.stdout) == (0, "Nothing was found.\n")


def test_a_customers_token_finds_only_what_was_said_in_its_own_workspace(rest: Rest) -> None:
    own = Rest(token("acme-reads", "cases:read", workspace="acme"))
    assert found(own, "invoice") == ["$en2", "$en1"]
    assert found(own, "saved") == found(own, "фактура") == found(own, "from:asen saved") == []
    assert {item["workspace"] for item in page(own, "after:2026", limit=100)["items"]} == {"acme"}
    for query in ("workspace:birch saved", f"case:{case_of('$phrase')}"):
        other, none = own.get(f"search?q={query}"), own.get("search?q=workspace:nothing saved")
        assert (other.status_code, none.status_code) == (404, 404)
        assert "or it is not yours to see" in other.json()["detail"]
    with nothing_changes():
        assert own.get("search?q=saved&workspace=birch").status_code == 404


def test_pages_hold_every_hit_once_in_either_order(rest: Rest) -> None:
    for order in ("newest", "best"):
        all_at_once = found(rest, "from:customer", order=order, limit=100)
        seen: list[str] = []
        after = ""
        while after is not None:
            part = page(rest, "from:customer", order=order, limit=3, after=after)
            assert len(part["items"]) <= 3
            seen += [item["event_id"] for item in part["items"]]
            after = part["next"]
        assert seen == all_at_once
        assert len(seen) > 9


def test_the_best_answer_comes_before_a_newer_one_that_says_it_once(rest: Rest) -> None:
    assert found(rest, "saved") == ["$scramble", "$phrase"]
    assert found(rest, "saved", order="best") == ["$phrase", "$scramble"]


def test_hits_are_counted_on_the_first_page(rest: Rest) -> None:
    first = page(rest, "invoice", limit=1)
    assert (first["total"], first["more"]) == (2, False)
    assert page(rest, "invoice", limit=1, after=first["next"])["total"] is None


def test_counting_ends_and_rank_looks_no_further(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    from roomdesk.record import searching

    monkeypatch.setattr(searching, "MOST_HITS", 1)
    assert (page(rest, "invoice")["total"], page(rest, "invoice")["more"]) == (1, True)
    assert found(rest, "saved", order="best") == ["$scramble"]


@pytest.mark.parametrize(
    ("address", "field", "sentence"),
    [
        ("search", "q", "The search holds no word; say what to look for."),
        ('search?q="', "q", 'A quotation mark (") is opened and not closed.'),
        ("search?q=has:picture", "q", "has:picture is refused: there is only has:file."),
        ("search?q=x&order=odd", "order", 'There is no order "odd"; give newest or best.'),
        ("search?q=x&after=odd", "after", "after must be the `next` of an earlier page."),
        ("search?q=x&after=1~2026-01-01T00:00:00.0Z~-1", "after", "after must be the `next` of an earlier page."),
        ("search?q=x&page=2", "page", 'This address has no query parameter "page"; it has q, workspace, order, after, limit.'),
        ("record?q=", "q", "The search holds no word; say what to look for."),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_by_its_field(rest: Rest, address: str, field: str, sentence: str) -> None:
    with nothing_changes():
        answer = rest.get(address)
    assert (answer.status_code, answer.json()["field"], answer.json()["detail"]) == (422, field, sentence)


def test_the_record_has_the_same_search_at_its_own_address(rest: Rest) -> None:
    assert rest.get("record?q=invoice").json() == rest.get("search?q=invoice").json()


ODD = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.sampled_from(['"', "*", "'", "\\", "&", "|", "!", "<->", ":*", "(", "~", "%", "inv*", "\0", "'x':A"]),
    st.builds(
        "{}:{}".format,
        st.sampled_from(FILTERS),
        st.sampled_from(["'", "\\", "acme", "2026", "0001-01-01", "file", "@:"]),
    ),
)


@settings(max_examples=60)
@given(text=st.lists(ODD, min_size=1, max_size=6).map(" ".join))
def test_no_query_is_an_error_of_the_database(rest: Rest, text: str) -> None:
    from roomdesk.cases.search import search
    from roomdesk.refusals import DeskError
    from roomdesk.runtime import clock
    from tests.flow.world import EVERYONE

    for order in ("newest", "best"):
        try:
            search(EVERYONE, text, clock.now(), order=order)
        except DeskError as refused:
            assert refused.status in (404, 422)


def test_the_command_line_finds_the_same(rest: Rest) -> None:
    value = told("record", "search", "invoice", "--limit", "1")
    assert [item["event_id"] for item in value["items"]] == ["$en2"]
    value = told("record", "search", "invoice", "--after-key", value["next"], "--workspace", "acme")
    assert [item["event_id"] for item in value["items"]] == ["$en1"]
    words = command("record", "search", "from:olga invoices").stdout
    assert words.startswith("1 found.\n") and "The [invoices] of March" in words
    with nothing_changes():
        done = command("record", "search", 'not "closed')
    assert (done.exit_code, done.stderr) == (1, 'A quotation mark (") is opened and not closed.\n')


def test_making_messages_up_is_refused_outside_demo_and_test(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from roomdesk.demo import crowd
    from roomdesk.runtime import clock

    monkeypatch.setattr(crowd, "settings", replace(crowd.settings, mode="production"))
    before = Findable.objects.count()
    with nothing_changes(), pytest.raises(Conflict, match="in demo and test only"):
        crowd.seed(10, 2, Actor("cli", "tests"), clock.now())
    assert Findable.objects.count() == before
