"""Endpoints are put by REST, command line and console; their secrets are shown once; who may not, sees nothing."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from roomdesk.audit.models import Content
from roomdesk.channels.webhook.errors import Forbidden as NotSent
from roomdesk.channels.webhook.post import post
from roomdesk.directory import services
from roomdesk.directory.models import Person
from roomdesk.directory.queries import viewer_of_person
from roomdesk.refusals import DeskError, Forbidden, Invalid, NotFound
from roomdesk.runtime import clock
from roomdesk.webhooks import deliveries, managing
from roomdesk.webhooks.managing import Wish
from roomdesk.webhooks.models import Delivery, Endpoint
from tests.cases_api.place import ACTOR, command, told
from tests.webhooks.conftest import Hooks


def test_a_secret_is_shown_once_and_stands_in_no_log(hooks: Hooks) -> None:
    secret = hooks.put()
    assert secret.startswith("whsec_")
    again = hooks.call("PUT", "webhooks/crm", {"url": hooks.receiver.url})
    assert (again.status_code, again.json()["secret"]) == (200, None)
    rotated = hooks.call("POST", "webhooks/crm/rotate", {}).json()["secret"]
    everywhere = json.dumps([hooks.endpoint(), hooks.call("GET", "webhooks").json(), told("webhook", "list")])
    chain = "".join(Content.objects.values_list("data", flat=True))
    assert not [one for one in (secret, rotated) if one in everywhere or one in chain]


def test_both_secrets_sign_while_one_takes_the_others_place(hooks: Hooks) -> None:
    former = hooks.put()
    newer = hooks.call("POST", "webhooks/crm/rotate", {"overlap_hours": 2}).json()["secret"]
    for known in (former, newer):
        hooks.receiver.secrets = [known]
        hooks.open()
        hooks.send()
    assert (len(hooks.told()), hooks.receiver.bad) == (2, 0)
    assert len(hooks.receiver.seen[-1][0]["webhook-signature"].split(" ")) == 2
    hooks.passes(hours=2)
    hooks.receiver.secrets = [former]
    hooks.open()
    hooks.send()
    assert hooks.receiver.bad == 1, "its time is over"
    assert hooks.endpoint()["both_secrets_until"] is None


def test_the_command_line_does_the_same(hooks: Hooks) -> None:
    made = told("webhook", "put", "crm", "--url", hooks.receiver.url, "--event", "case.opened")
    hooks.receiver.secrets = [made["secret"]]
    assert (made["events"], made["state"]) == (["case.opened"], "on")
    pinged = told("webhook", "ping", "crm")
    hooks.send()
    assert hooks.told() == [{"type": "ping", "timestamp": hooks.told()[0]["timestamp"], "data": {"endpoint": "crm"}}]
    (item,) = told("webhook", "deliveries", "crm")["items"]
    assert (item["number"], item["state"], item["last_status"]) == (pinged["number"], "sent", 204)
    assert told("webhook", "replay", "crm", str(item["number"]))["state"] == "queued"
    assert command("webhook", "replay", "crm", str(item["number"])).stderr.endswith("is still under way.\n")
    assert told("webhook", "off", "crm")["reason"].startswith("Switched off by")
    assert "is switched off" in command("webhook", "ping", "crm").stderr
    assert told("webhook", "on", "crm")["state"] == "on"
    assert told("webhook", "rotate", "crm")["secret"] != made["secret"]
    told("webhook", "remove", "crm")
    assert not Endpoint.objects.exists() and not Delivery.objects.exists()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://hooks.example.org/", "begins with https://"),
        ("ftp://hooks.example.org/", "begins with https://"),
        ("https://", "names a host"),
        ("https://user:word@hooks.example.org/", "no user and no password"),
        ("https://hooks.example.org:99999/", "no address that events"),
        ("https://127.0.0.1/", "no public address"),
        ("https://localhost/", "no public address"),
        ("https://[::1]:8000/", "no public address"),
        ("https://[::ffff:10.0.0.1]/", "no public address"),
        ("https://169.254.169.254/latest", "no public address"),
        ("https://hooks.example.org/ odd", "no address that events"),
    ],
)
def test_an_address_that_is_never_sent_to_is_refused_at_once(desk: None, url: str, words: str) -> None:
    done = command("webhook", "put", "crm", "--url", url)
    assert (done.exit_code, words in done.stderr) == (1, True), done.stderr
    assert not Endpoint.objects.exists()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_a_name_that_leads_inside_is_not_sent_to_whatever_it_looked_like(host: str) -> None:
    with pytest.raises(NotSent, match="not public"):
        post(f"http://{host}:1/", b"{}", {}, allow_http=True)
    with pytest.raises(NotSent, match="https only"):
        post("http://hooks.example.org/", b"{}", {})


def test_only_administrators_of_the_product_see_and_change_its_endpoints(hooks: Hooks) -> None:
    long_ago = clock.now() - timedelta(days=1)
    for who, role, product in (
        ("ada", "administrator", "power-omni"),
        ("bo", "administrator", "bos"),
        ("lea", "lead", ""),
    ):
        services.do_put_staff(id=who, roles=[role], product=product, actor=ACTOR, now=long_ago)
    hooks.put("omni", product="power-omni")
    hooks.put("all")
    viewers = {who: viewer_of_person(Person.objects.get(slug=who), clock.now()) for who in ("ada", "bo", "lea", "oto")}
    by = {"actor": ACTOR, "now": clock.now()}
    assert [one.slug for one in managing.access_endpoints(viewers["ada"], clock.now())] == ["omni"]
    assert managing.access_endpoints(viewers["bo"], clock.now()) == []
    before = list(Endpoint.objects.order_by("pk").values())
    for who, error in (("bo", NotFound), ("lea", Forbidden), ("oto", Forbidden)):
        viewer = viewers[who]
        for attempt in (
            lambda v: managing.do_rotate(v, "omni", **by),
            lambda v: managing.do_switch(v, "omni", False, **by),
            lambda v: managing.do_remove(v, "omni", **by),
            lambda v: managing.do_ping(v, "omni", **by),
            lambda v: deliveries.page(v, "omni", clock.now()),
        ):
            with pytest.raises(error):
                attempt(viewer)
    with pytest.raises(Forbidden):
        managing.do_put(viewers["ada"], "omni", Wish(product=""), **by)
    with pytest.raises(DeskError):
        managing.do_put(viewers["bo"], "omni", Wish(url="https://elsewhere.example.org/"), **by)
    assert list(Endpoint.objects.order_by("pk").values()) == before and not Delivery.objects.exists()


@pytest.mark.parametrize(
    ("wish", "field"),
    [(Wish(), "url"), (Wish(url="https://a.example", events=["case.eaten"]), "events"), (Wish(url="https://a.example", product="no"), "product")],
)  # fmt: skip
def test_what_is_wrong_is_named(database: str, wish: Wish, field: str) -> None:
    from roomdesk.cli.directory import viewer

    with pytest.raises(Invalid) as refused:
        managing.do_put(viewer(), "crm", wish, actor=ACTOR, now=clock.now())
    assert refused.value.field == field and not Endpoint.objects.exists()


def test_the_log_costs_the_same_queries_however_long_it_is(hooks: Hooks) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    hooks.put()
    counts = []
    for number in (2, 12):
        for _ in range(number):
            hooks.open()
        hooks.send(50)
        with CaptureQueriesContext(connection) as captured:
            assert hooks.log()
        counts.append(len(captured))
    assert counts[0] == counts[1]
