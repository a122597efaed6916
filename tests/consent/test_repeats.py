"""A program that asks again and again whether it may go on does not fill the chain, and nothing of what it asked is lost (docs/decisions/0039)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from roomdesk import timers
from roomdesk.audit.models import Content, Entry
from roomdesk.audit.work import Actor
from roomdesk.consent import asking, repeats, using
from roomdesk.consent.models import Refused, Request
from roomdesk.refusals import DeskError
from roomdesk.runtime import clock
from tests.consent.scene import CHANGE, answer, ask, consume, later, now
from tests.flow.world import ACTOR, EVERYONE

pytestmark = pytest.mark.part_of("R34", "R35")


@pytest.fixture(autouse=True)
def _desk(desk: str) -> None:
    """The world at ten on a Monday."""


def told(request: Request, *actions: str) -> list[dict[str, Any]]:
    """What the chain says of the request, by actions."""
    entries = Entry.objects.filter(subject=f"consent:{request.ref}", action__in=actions).order_by("seq")
    contents = dict(Content.objects.filter(entry_id__in=entries.values("pk")).values_list("entry_id", "data"))
    return [json.loads(contents[entry.pk]) for entry in entries]


def refused(request: Request, nonce: str = "nonce-0001", **given: Any) -> str:
    with pytest.raises(DeskError) as caught:
        consume(request, nonce=nonce, **given)
    return str(caught.value.data["reason"])


def test_the_same_refusal_stands_in_the_chain_once_an_hour_with_how_often_it_was_asked_for() -> None:
    request = ask()
    assert {refused(request, f"nonce-of-{number}") for number in range(40)} == {"not_granted"}
    (first,) = told(request, "consent.not_used")
    assert first["nonce"] == "nonce-of-0" and "again" not in first
    later(repeats.QUIET.total_seconds() - 1)
    refused(request)
    assert len(told(request, "consent.not_used")) == 1
    later(1)
    refused(request)
    _, second = told(request, "consent.not_used")
    assert second["again"] == 40
    later(repeats.QUIET.total_seconds())
    refused(request)
    assert "again" not in told(request, "consent.not_used")[-1], "each is counted once"


def test_a_dry_run_is_counted_like_a_refusal_and_the_use_tells_the_rest() -> None:
    request = ask()
    answer(request, request.phrase)
    for number in range(5):
        assert consume(request, nonce=f"nonce-of-{number}", dry_run=True).is_dry_run
    assert len(told(request, "consent.dry_run")) == 1
    consume(request)
    (used,) = told(request, "consent.used")
    assert used["asked_again"] == 4


def test_whatever_is_different_stands_there_at_once() -> None:
    request = ask()
    refused(request)
    refused(request, action={**CHANGE, "rows": 15})
    refused(request, dry_run=True)
    with pytest.raises(DeskError):
        using.do_consume(EVERYONE, request.ref, CHANGE, "nonce-0002", actor=Actor("token", "x"), now=clock.now())
    assert len(told(request, "consent.not_used", "consent.dry_run")) == 4
    answer(request, request.phrase)
    refused(request, action={**CHANGE, "rows": 15})
    assert told(request, "consent.not_used")[-1]["refusal"] == "other_action", "another reason is another refusal"
    assert Refused.objects.count() == 5 and not Refused.objects.filter(again__gt=0).exists()


@pytest.mark.parametrize("end", ["withdrawn", "expired", "refused"])
def test_however_a_request_ends_its_entry_tells_what_was_only_counted(end: str) -> None:
    request = ask()
    for _ in range(4):
        refused(request)
    if end == "withdrawn":
        asking.do_withdraw(EVERYONE, request.ref, author="ivan", actor=ACTOR, now=clock.now())
    elif end == "refused":
        answer(request, "no")
    else:
        later((request.expires_at - clock.now()).total_seconds() + 1)
        while timers.fire():
            pass
    assert now(request).state == end
    (ended,) = told(request, f"consent.{end}")
    assert ended["asked_again"] == 3
