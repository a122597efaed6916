"""Owner and admins hear of every grant by mail, whatever the homeserver was made to say; each mail with an id that stays (R34, D31, D42)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from roomdesk.audit.models import Head
from roomdesk.channels.email import retry
from roomdesk.channels.email import send as email
from roomdesk.channels.email.errors import Away, Refused
from roomdesk.consent.models import Request
from roomdesk.directory import services
from roomdesk.queues.models import OutboxRow
from roomdesk.runtime import clock
from roomdesk.worker.outbox import send_one
from tests.consent.scene import answer, ask, now
from tests.fakes.smtp import Smtp, smtp
from tests.flow.world import ACTOR, ASEN, BOT, OLGA

pytestmark = pytest.mark.part_of("R34")
MIRA = "mira@acme.test"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Smtp]:
    with smtp() as running:
        wanted = replace(email.settings, smtp_url=running.url, mail_from="support@vendor.test")
        monkeypatch.setattr(email, "settings", wanted)
        yield running


@pytest.fixture
def request_(desk: str, server: Smtp) -> Request:
    for who, mail in (("olga", "olga@acme.test"), ("asen", "asen@acme.test"), ("mira", MIRA)):
        services.do_put_person(id=who, email=mail, actor=ACTOR, now=clock.now())
    return ask()


def rows() -> list[OutboxRow]:
    return list(OutboxRow.objects.filter(channel="email").order_by("pk"))


def send(*some: OutboxRow) -> None:
    for row in some:
        OutboxRow.objects.filter(pk=row.pk).update(state=OutboxRow.State.SENDING)
        send_one(OutboxRow.objects.get(pk=row.pk))


def test_owner_and_admins_get_a_receipt_with_the_head_of_the_chain(request_: Request, server: Smtp) -> None:
    answer(request_, request_.phrase)
    send(*rows())
    assert server.to() == ["Olga <olga@acme.test>", "Asen <asen@acme.test>"]
    mail = server.mails[0]
    head = Head.objects.get(scope="workspace:acme")
    text = mail.get_content()
    assert mail["Subject"] == f"Olga agreed to {request_.ref}" and mail["Auto-Submitted"] == "auto-generated"
    assert f"Their words: go ahead with {request_.ref}" in text and "Correct the VAT of 14 invoices" in text
    assert f"{head.scope} {head.seq} {head.hash}" in text and "$said-" in text
    assert mail["Message-ID"] == f"<{rows()[0].key}@vendor.test>"
    assert {row.state for row in rows()} == {"sent"} and rows()[0].external_id == mail["Message-ID"]


def test_what_grants_nothing_is_not_mailed(request_: Request, server: Smtp) -> None:
    for sender in (BOT, "@mira:elsewhere"):
        answer(request_, request_.phrase, sender)
    answer(request_, "ok", OLGA)
    assert rows() == [] and now(request_).state == "open"


def test_a_repeat_has_the_same_id_and_a_refusal_is_given_up(request_: Request, server: Smtp) -> None:
    answer(request_, request_.phrase, ASEN)
    first, second = rows()
    server.drop = 1
    send(first)
    assert OutboxRow.objects.get(pk=first.pk).state == "retry"
    send(first)
    assert [mail["Message-ID"] for mail in server.mails] == [f"<{first.key}@vendor.test>"] * 2
    server.answers = ["451 later", "550 no such mailbox"]
    send(second)
    assert OutboxRow.objects.get(pk=second.pk).state == "retry"
    send(second)
    failed = OutboxRow.objects.get(pk=second.pk)
    assert failed.state == "failed" and "550: no such mailbox" in failed.last_error


def test_without_a_server_nothing_is_planned(desk: str) -> None:
    assert email.settings.smtp_url is None
    services.do_put_person(id="olga", email="olga@acme.test", actor=ACTOR, now=clock.now())
    request = ask()
    answer(request, request.phrase)
    assert rows() == [] and now(request).state == "granted"


def test_nothing_leaves_this_machine_in_the_open(
    request_: Request, server: Smtp, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(request_, request_.phrase)
    monkeypatch.setattr(email, "_LOCAL", ())
    send(rows()[0])
    assert server.mails == [] and "STARTTLS" in OutboxRow.objects.get(pk=rows()[0].pk).last_error


def test_outages_are_waited_for_and_refusals_are_not() -> None:
    waits = [retry.retry_delay(Away("x"), attempt, "key") for attempt in (1, 2, 5, 50, 5000)]
    assert all(wait is not None and wait <= timedelta(minutes=30) for wait in waits)
    assert retry.retry_delay(Refused("x"), 1, "key") is None
    assert (
        retry.retry_delay(ValueError("x"), 7, "key") is not None
        and retry.retry_delay(ValueError("x"), 8, "key") is None
    )


def test_the_payload_holds_nothing_but_the_mail(request_: Request) -> None:
    answer(request_, request_.phrase)
    assert json.loads(rows()[0].payload).keys() == {"to", "name", "subject", "text", "scope"}
