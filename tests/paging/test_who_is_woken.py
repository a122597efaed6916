"""A P0 in a room, in the middle of a Sunday night: whom it wakes, and what is said to those whom it does not help (R19, R37, R42)."""

from __future__ import annotations

from datetime import datetime, timedelta

from roomdesk.cases import changing
from roomdesk.cases.changing import Change
from roomdesk.directory import services
from roomdesk.oncall.models import Page
from roomdesk.queues.models import InboxEvent, OutboxRow
from roomdesk.runtime import clock
from tests.flow.world import ACTOR, ASEN, EVERYONE, IVAN, OLGA, OTO, SERVER, message, room, store
from tests.paging.night import NIGHT, Night

WORKDAY = timedelta(days=1, hours=8)


def test_enterprise_is_paged_once_and_the_customer_hears_of_it(night: Night) -> None:
    night.say("cedar", "P0 orders cannot be saved, password is hunter2")
    incident = night.pagerduty.page()
    payload, case = incident.event["payload"], night.case("cedar")
    assert payload["severity"] == "critical"
    assert case.ref in payload["summary"] and "Enterprise" in payload["summary"]
    assert "orders cannot be saved" in payload["custom_details"]["words"]
    assert "hunter2" not in str(incident.event), "secrets do not leave"
    assert incident.event["links"][0]["href"].endswith(f"/console/cases/{case.ref}")
    assert datetime.fromisoformat(payload["timestamp"]) == NIGHT
    assert night.page("cedar").state == Page.State.ACCEPTED
    assert [f"{case.ref}" in told and "being paged now" in told for told in night.told("cedar")[:1]] == [True]
    assert night.noted("cedar") == ["paged", "accepted"]


def test_however_it_is_written(night: Night) -> None:
    for text in ("p0 all is down", "…P0!", "Р0 всичко спря", "р0, спря", f"@support:{SERVER} P0 down", "P0"):
        night.say("cedar", text)
        night.pagerduty.page()
        night.later(minutes=31)


def test_a_quote_code_or_a_later_word_wakes_nobody(night: Night) -> None:
    for text in ("> P0 down\n\nwhat did you mean?", "```\nP0 down\n```", "`P0` down", "All is down, P0"):
        night.say("cedar", text)
    assert night.pages("cedar") == 0


def test_pro_is_paged_for_with_the_addon_and_answered_without(night: Night) -> None:
    night.say("birch", "P0 nothing works")
    assert night.pages("birch") == 0
    told = night.told("birch")[0]
    assert "nobody is woken" in told and "Pro" in told
    # 4 business hours from the opening on Monday at 9: 13:00 in Sofia.
    assert "13:00" in told
    assert night.noted("birch") == ["answered"]

    night.later(hours=1)
    night.addon("birch", "on-call")
    night.say("birch", "P0 still nothing")
    night.pagerduty.page()
    assert "your target falls" in night.told("birch")[-1]


def test_starter_is_answered_with_its_due_time_and_in_office_hours_staff_are_told(night: Night) -> None:
    night.say("acme", "P0 nothing works")
    assert "Starter" in night.told("acme")[0] and "nobody is woken" in night.told("acme")[0]
    night.later(hours=WORKDAY.total_seconds() / 3600)
    night.say("acme", "P0 nothing works today either")
    assert "Our staff are told now" in night.told("acme")[-1]
    assert night.noted("acme") == ["notified"]
    assert night.pages("acme") == 0


def test_the_due_time_is_told_in_the_customers_zone(night: Night) -> None:
    services.do_put_workspace(
        slug="birch", product="plana-business-cloud", tier="pro", time_zone="America/Sao_Paulo", actor=ACTOR, now=clock.now()
    )  # fmt: skip
    night.settle()
    night.say("birch", "P0 nothing works")
    # 13:00 in Sofia is 08:00 in São Paulo.
    assert "08:00" in night.told("birch")[0]


def test_an_edit_wakes_nobody_and_staff_are_told(night: Night) -> None:
    first = night.say("cedar", "orders cannot be saved")
    night.say(
        "cedar",
        "* P0 orders cannot be saved",
        **{
            "m.new_content": {"msgtype": "m.text", "body": "P0 orders cannot be saved"},
            "m.relates_to": {"rel_type": "m.replace", "event_id": first},
        },
    )
    assert night.pages("cedar") == 0
    assert night.noted("cedar") == ["edited"]


def test_staff_and_strangers_wake_nobody(night: Night) -> None:
    services.do_remove_member(workspace="cedar", id="asen", actor=ACTOR, now=clock.now() - timedelta(minutes=5))
    for sender in (IVAN, ASEN, OTO, "@olga:elsewhere.example"):
        night.say("cedar", "P0 all is down", sender)
    assert night.pages("cedar") == 0


def test_a_notice_and_a_replayed_message_wake_nobody(night: Night) -> None:
    night.say("cedar", "P0 from a bridge", msgtype="m.notice")

    said = night.unheard("cedar", "P0 hours ago")
    InboxEvent.objects.filter(external_id=said).update(is_replayed=True)
    night.settle()
    assert night.pages("cedar") == 0


def test_twice_in_a_minute_and_three_at_once_are_one_page(night: Night) -> None:
    night.say("cedar", "P0 all is down")
    night.later(seconds=40)
    night.unheard("cedar", "P0 really!")
    night.unheard("cedar", "P0 here too", ASEN)
    night.settle()
    incident = night.pagerduty.page()
    assert night.pages("cedar") == 1
    assert incident.log == ["trigger", "trigger", "trigger"], "the incident heard of the others"
    assert len([told for told in night.told("cedar") if "already out" in told]) == 1


def test_a_new_p0_later_is_a_page_of_its_own(night: Night) -> None:
    night.say("cedar", "P0 all is down")
    night.later(minutes=31)
    night.say("cedar", "P0 and now the shop too")
    assert night.pagerduty.page().key != night.pagerduty.page().key


def test_what_triage_calls_critical_wakes_nobody_and_what_staff_call_so_does(night: Night) -> None:
    night.say("cedar", "Nobody can log in since this morning, production is down for the whole team!")
    case = night.case("cedar")
    assert night.pages("cedar") == 0

    def set_severity(severity: str) -> None:
        change = Change(severity=severity, reason="As it turned out")
        changing.do_change(EVERYONE, case.ref, change, author="ivan", actor=ACTOR, now=clock.now())
        night.settle()

    set_severity("normal")
    assert night.pages("cedar") == 0
    set_severity("critical")
    night.pagerduty.page()
    set_severity("high")
    set_severity("critical")
    assert night.pages("cedar") == 1, "once a cycle"


def test_while_the_office_is_open_who_calls_it_critical_is_at_it(night: Night) -> None:
    night.later(hours=32)
    night.say("cedar", "The reports are slow")

    changing.do_change(
        EVERYONE, night.case("cedar").ref, Change(severity="critical"), author="ivan", actor=ACTOR, now=clock.now()
    )
    night.settle()
    assert night.pages("cedar") == 0


def test_of_a_restricted_case_the_page_names_only_the_reference(night: Night) -> None:
    night.say("cedar", "P0 we think that our customer data was leaked by Karl")
    payload = night.pagerduty.page().event["payload"]
    assert night.case("cedar").is_restricted
    assert "Karl" not in str(payload) and "leaked" not in str(payload)
    assert night.case("cedar").ref in payload["summary"]


def test_one_page_even_where_the_message_comes_twice(night: Night) -> None:
    said = night.unheard("cedar", "P0 all is down")

    store(message(said, room("cedar"), OLGA, "P0 all is down"))
    night.settle()
    night.pagerduty.page()
    assert OutboxRow.objects.filter(channel="pagerduty").count() == 1
