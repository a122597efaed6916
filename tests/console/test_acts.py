"""What staff do with a case from its page: through the forms that are drawn, with refusals beside the field."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from roomdesk.cases.models import Case, CaseChange
from roomdesk.clocks.models import Clock
from roomdesk.directory import services
from roomdesk.directory.models import Availability, Workspace
from roomdesk.queues.models import OutboxRow
from roomdesk.record.models import Message
from roomdesk.runtime import clock
from tests.cases_api.place import Rest, nothing_changes, token
from tests.console.conftest import ACTOR, open_case

Browser = Callable[[str | None], Client]


def drawn(client: Client, case: Case) -> dict[str, str]:
    """The acts that the page offers, with the key of each form."""
    page = client.get(f"/console/cases/{case.ref}").content.decode()
    return {
        act: key for key, act in re.findall(r'name="key" value="([^"]+)"><input[^>]+name="act" value="(\w+)"', page)
    }


def do(client: Client, case: Case, act: str, **given: object) -> Case:
    """Sends the form as it is drawn, and gives the case as it then is."""
    key = drawn(client, case)[act]
    answer = client.post(f"/console/cases/{case.ref}/act", {"act": act, "key": key, **given})
    assert answer.status_code == 302, answer.content.decode()
    return Case.objects.get(ref=answer["Location"].split("/")[-1].split("#")[0])


def refused(client: Client, case: Case, act: str, status: int, **given: object) -> str:
    """Sends a form that is refused, sees that nothing changed, and gives the page."""
    with nothing_changes():
        answer = client.post(f"/console/cases/{case.ref}/act", {"act": act, "key": "k", **given})
    assert answer.status_code == status
    return answer.content.decode()


def test_the_page_offers_what_the_state_allows(browser: Browser) -> None:
    case, client = open_case(), browser("tiago")
    assert drawn(client, case).keys() == {
        *("acknowledged", "investigating", "waiting_customer", "waiting_third_party", "resolved"),
        *("note", "take", "untriage", "severity", "kind", "assign", "snooze", "macro", "link", "attach"),
    }
    open_case("Another one")
    assert drawn(client, case).keys() >= {"merge", "move"}
    Case.objects.filter(pk=case.pk).update(state="closed")
    assert drawn(client, case).keys() == {"note", "reopen"}


def test_taking_and_giving_away(browser: Browser) -> None:
    case, client = open_case(), browser("tiago")
    assert do(client, case, "take").assignee.slug == "tiago"  # type: ignore[union-attr]
    assert "take" not in drawn(client, case)
    assert do(client, case, "assign", assignee="lea").assignee.slug == "lea"  # type: ignore[union-attr]
    assert do(client, case, "assign", assignee="").assignee is None
    assert set(CaseChange.objects.filter(what="assignee").values_list("by", flat=True)) == {"tiago"}
    page = refused(client, case, "assign", 422, assignee="oto")
    assert "is not a member of the staff" in page


def test_a_lower_severity_needs_its_reason_and_what_was_given_is_kept(browser: Browser) -> None:
    case, client = open_case("P0 All is down"), browser("tiago")
    page = refused(client, case, "severity", 422, severity="normal")
    form = page.split('id="act-severity"')[1].split("</details>")[0]
    assert form.startswith(" open")
    assert 'value="normal" selected' in form
    assert (
        'id="f-severity-reason" value="" maxlength="1000" autocomplete="off" aria-describedby="f-severity-reason-problem"'
        in form
    )
    assert "give the reason. Nothing was changed." in form
    assert do(client, case, "severity", severity="normal", reason="Only one person").severity == "normal"
    assert CaseChange.objects.get(mark="downward").reason == "Only one person"


def test_waiting_pauses_the_clocks_and_going_on_ends_it(browser: Browser) -> None:
    case, client = open_case(), browser("tiago")
    client.post(f"/console/cases/{case.ref}", {"text": "Which invoice is it?"})
    assert do(client, case, "waiting_customer").state == "waiting_customer"
    page = client.get(f"/console/cases/{case.ref}").content.decode()
    assert "⏸ paused for" in page and 'class="clock paused"' in page
    assert Clock.objects.get(case=case, kind="resolution").paused_at
    assert do(client, case, "investigating").state == "investigating"
    assert "⏸" not in client.get(f"/console/cases/{case.ref}").content.decode()


def test_resolving_needs_fix_and_cause_or_that_nobody_knows(browser: Browser) -> None:
    case, client = open_case(), browser("tiago")
    page = refused(client, case, "resolved", 422, fix="", root_cause="A full disk")
    assert 'id="f-resolved-fix-problem"' in page and "A full disk</textarea>" in page
    page = refused(client, case, "resolved", 422, fix="Freed the disk")
    assert 'id="f-resolved-root_cause-problem"' in page and "Freed the disk</textarea>" in page
    done = do(client, case, "resolved", fix="Freed the disk", root_cause_unknown="yes")
    cycle = done.cycles.get()
    assert (done.state, cycle.fix, cycle.root_cause_unknown) == ("resolved", "Freed the disk", True)
    page = client.get(f"/console/cases/{case.ref}").content.decode()
    assert "<dt>Fix</dt><dd>Freed the disk</dd><dt>Root cause</dt><dd>unknown</dd>" in page
    assert do(client, case, "reopen", reason="It filled again").cycle == 2
    page = client.get(f"/console/cases/{case.ref}").content.decode()
    assert "cycle 2" in page and "Freed the disk" in page


def test_a_form_that_is_sent_twice_does_it_once(browser: Browser) -> None:
    case, client = open_case(), browser("tiago")
    form = {"act": "take", "key": drawn(client, case)["take"]}
    places = {client.post(f"/console/cases/{case.ref}/act", form)["Location"] for _ in range(3)}
    assert places == {f"/console/cases/{case.ref}#facts"}
    assert CaseChange.objects.filter(what="assignee").count() == 1


def test_two_at_once_do_not_undo_each_other(browser: Browser) -> None:
    """Lea's page is from before Tiago closed the case: her form is refused, with the reason."""
    case, tiago = open_case(), browser("tiago")
    do(tiago, case, "resolved", fix="Done", root_cause="Known")
    do(tiago, case, "closed")
    page = refused(browser("lea"), case, "waiting_customer", 409)
    assert "is closed, so it cannot become waiting_customer" in page
    assert "reopen it before you change it" in refused(browser("lea"), case, "severity", 409, severity="critical")


def test_snoozing_and_waking(browser: Browser) -> None:
    case, client = open_case(), browser("tiago")
    assert do(client, case, "snooze", hours="4").snoozed_until
    assert "Snoozed" in client.get(f"/console/cases/{case.ref}").content.decode()
    assert do(client, case, "wake").snoozed_until is None
    for hours in ("", "9999", "-1", "x"):
        assert "Choose for how long." in refused(client, case, "snooze", 422, hours=hours)


def test_merging_and_undoing_it(browser: Browser) -> None:
    case, into, client = open_case("One"), open_case("Two"), browser("tiago")
    assert do(client, case, "merge", into=into.ref) == into
    assert f"/console/cases/{into.ref}" in client.get(f"/console/cases/{case.ref}").content.decode()
    assert do(client, case, "unmerge").state == "new"
    assert "Choose the case" in refused(client, case, "merge", 422)


def test_splitting_messages_off(browser: Browser) -> None:
    case, client = open_case("The invoices are gone"), browser("tiago")
    client.post(f"/console/cases/{case.ref}", {"text": "Which ones?"})
    first = Message.objects.order_by("pk")[0]
    second = Message.objects.create(
        **{field.attname: getattr(first, field.attname) for field in first._meta.concrete_fields}
        | {"id": 900, "number": 900, "body": "And the login fails", "external_id": "$second"}
    )
    page = refused(client, case, "split", 422)
    assert "Choose the messages" in page and "Oto: And the login fails" in page
    made = do(client, case, "split", messages=[second.pk], reason="Another matter")
    assert made != case
    assert "And the login fails" in made.title


def test_moving_messages_into_another_case(browser: Browser) -> None:
    case, other, client = open_case("The invoices are gone"), open_case("The login fails"), browser("tiago")
    strays = Message.objects.filter(case=case)
    first = strays.get()
    Message.objects.create(
        **{field.attname: getattr(first, field.attname) for field in first._meta.concrete_fields}
        | {"id": 900, "number": 900, "body": "It says wrong password", "external_id": "$second"}
    )
    assert "Choose the messages" in refused(client, case, "move", 422, to=other.ref)
    assert "Give the reference" in refused(client, case, "move", 422, messages=[900])
    assert "in this case" in refused(client, other, "move", 422, to=case.ref, messages=[900]), "it is not there yet"
    assert do(client, case, "move", to=other.ref, messages=[900], reason="Of the login") == other
    moved = Message.objects.get(pk=900)
    assert (moved.case, moved.why) == (other, f"Staff moved it here from {case.ref}.")
    assert strays.get() == first
    assert list(CaseChange.objects.filter(what="move").values_list("case__ref", "reason")) == [
        (case.ref, "Of the login")
    ]
    assert "It says wrong password" in client.get(f"/console/cases/{other.ref}").content.decode()


def test_a_note_is_for_staff_on_record_and_answers_nobody(browser: Browser) -> None:
    case, client = open_case(), browser("tiago")
    assert "The text is empty" in refused(client, case, "note", 422, text=" ")
    before = OutboxRow.objects.count()
    done = do(client, case, "note", text="Their <disk> was full.")
    note = Message.objects.get(kind="note")
    assert (note.case, note.body, note.why) == (case, "Their <disk> was full.", "Written on the case's page.")
    assert (done.state, done.answered_at, OutboxRow.objects.count()) == ("new", None, before)
    page = browser("lea").get(f"/console/cases/{case.ref}").content.decode()
    assert "Their &lt;disk&gt; was full." in page and "internal note" in page
    for place in (
        "/portal/beta/",
        "/portal/beta/cases",
        f"/portal/beta/cases/{case.ref}",
        "/portal/beta/search?q=disk",
    ):
        assert "disk" not in browser("oto").get(place).content.decode().replace('value="disk"', "").replace(
            "<title>disk", ""
        )
    limited = Rest(token("beta-only", "cases:read", workspace=case.workspace.slug))
    assert "disk" not in limited.get(f"cases/{case.ref}").content.decode()
    refused_to = browser("ivan").post(f"/console/cases/{case.ref}/act", {"act": "note", "text": "x"})
    assert refused_to.status_code == 404 and Message.objects.filter(kind="note").count() == 1


def test_where_nothing_told_what_a_case_is_staff_are_asked_until_they_say(browser: Browser) -> None:
    case, client = open_case("hm, well"), browser("tiago")
    asked = "The desk could not tell what this is."
    assert (case.kind, asked in client.get(f"/console/cases/{case.ref}").content.decode()) == ("other", True)
    do(client, case, "kind", kind="question")
    assert asked not in client.get(f"/console/cases/{case.ref}").content.decode()
    do(client, case, "kind", kind="other")
    assert asked not in client.get(f"/console/cases/{case.ref}").content.decode(), "staff have said it"
    assert asked not in client.get(f"/console/cases/{open_case('The invoices are gone').ref}").content.decode()


def test_who_may_not_see_the_case_can_do_nothing_with_it(browser: Browser) -> None:
    case = open_case()
    for who in ("ivan", "oto"):
        with nothing_changes():
            assert browser(who).post(f"/console/cases/{case.ref}/act", {"act": "take"}).status_code == 404
    with nothing_changes():
        assert browser(None).post(f"/console/cases/{case.ref}/act", {"act": "take"}).status_code == 302
    client = browser("lea")
    client.handler.enforce_csrf_checks = True
    with nothing_changes():
        assert client.post(f"/console/cases/{case.ref}/act", {"act": "take"}).status_code == 403


@pytest.mark.parametrize("act", ["", "nonsense", "new", "merged", "\0", "take\0x"])
def test_an_act_that_does_not_exist_is_refused(browser: Browser, act: str) -> None:
    case = open_case()
    assert "load it again" in refused(browser("lea"), case, act, 422)


def test_a_long_fix_folds_the_updates_that_are_done(browser: Browser) -> None:
    case, client = open_case("P0 All is down"), browser("tiago")
    with clock.frozen(clock.now()) as time:
        for number in range(4):
            client.post(f"/console/cases/{case.ref}", {"text": f"Still at it, {number}"})
            time.tick(timedelta(minutes=5))
        page = client.get(f"/console/cases/{case.ref}").content.decode()
    updates = Clock.objects.filter(case=case, kind="update").count()
    assert updates == 4
    assert "3 earlier" in page


def test_escalating_and_sending_home(browser: Browser) -> None:
    case, client = open_case(), browser("tiago")
    assert not {"escalate", "deescalate"} & drawn(client, case).keys(), "nobody is a specialist yet"
    services.do_put_staff(
        id="carla", roles=["specialist"], product="power-omni", field="channels", actor=ACTOR, now=clock.now()
    )
    do(client, case, "escalate", field="channels", reason="The bridge is mute")
    page = client.get(f"/console/cases/{case.ref}").content.decode()
    assert "<dt>Escalated to</dt><dd>Channels</dd>" in page and "escalate" not in drawn(client, case)
    refused(client, case, "escalate", 409, field="integrations")
    do(client, case, "deescalate", field="channels")
    assert "Escalated to" not in client.get(f"/console/cases/{case.ref}").content.decode()
    rows = CaseChange.objects.filter(what="escalation").order_by("pk").values_list("before", "after", "by")
    assert list(rows) == [("", "channels", "tiago"), ("channels", "", "tiago")]


def test_an_incident_is_led_answered_and_resolved_from_the_page(browser: Browser) -> None:
    then = clock.now() - timedelta(days=30)
    services.do_put_workspace(slug="gamma", product="power-omni", tier="enterprise", locale="pt", actor=ACTOR, now=then)
    services.do_put_member(workspace="gamma", id="guida", role="owner", actor=ACTOR, now=then)
    leader, case, client = open_case(), open_case("Tudo parado", "gamma", "guida"), browser("tiago")
    assert "answer_all" not in drawn(client, leader)
    refused(client, case, "attach", 422, to="")
    do(client, case, "attach", to=leader.ref.lower(), reason="The same bridge")
    page = client.get(f"/console/cases/{leader.ref}").content.decode()
    assert f'leads <a href="/console/cases/{case.ref}">' in page
    assert {"detach"} <= drawn(client, case).keys() and "attach" not in drawn(client, case)
    assert do(client, leader, "answer_all", text="We are on it.", text_pt="Estamos nisso.").ref == leader.ref
    said = Message.objects.filter(author_kind="staff").order_by("case_id").values_list("case", "body")
    assert list(said) == [(leader.pk, "We are on it."), (case.pk, "Estamos nisso.")]
    assert f"Resolves {case.ref} with it." in client.get(f"/console/cases/{leader.ref}").content.decode()
    do(client, leader, "resolved", fix="Restarted", root_cause="A leak")
    assert set(Case.objects.values_list("state", flat=True)) == {"resolved"}


def test_links_are_made_and_ended_from_the_page(browser: Browser) -> None:
    one, other, client = open_case(), open_case("Another one"), browser("tiago")
    do(client, one, "link", to=other.ref)
    assert (
        f'<dt>Has to do with</dt><dd><a href="/console/cases/{other.ref}">'
        in client.get(f"/console/cases/{one.ref}").content.decode()
    )
    do(client, other, "unlink", to=one.ref)
    assert "Has to do with" not in client.get(f"/console/cases/{one.ref}").content.decode()


def test_a_macro_is_said_in_the_customers_language_and_moves_the_case(browser: Browser) -> None:
    case, client = open_case(), browser("tiago")
    Workspace.objects.filter(slug="beta").update(locale="pt")
    page = client.get(f"/console/cases/{case.ref}").content.decode()
    assert '<option value="on_it">On it: Obrigado, Oto. Estou olhando' in page
    page = refused(client, case, "macro", 422, macro="next_update", values="")
    assert "needs when: give when=…. Nothing was changed." in page
    refused(client, case, "macro", 422, macro="next_update", values="tomorrow")
    assert do(client, case, "macro", macro="please_check", values='what="a nova ponte"').state == "waiting_customer"
    said = Message.objects.get(author_kind="staff")
    assert said.body == (
        f"Fizemos uma mudança por causa de {case.ref}: a nova ponte. Você pode tentar de novo e dizer se funciona?"
    )


def test_presence_is_said_on_the_page_attention(browser: Browser) -> None:
    client = browser("tiago")
    assert "I am away" in client.get("/console/attention").content.decode()
    assert client.post("/console/attention", {"presence": "away"}).status_code == 302
    assert "You are away" in client.get("/console/attention").content.decode()
    assert not Availability.objects.get(person__slug="tiago").is_present
    client.post("/console/attention", {"presence": "here"})
    assert Availability.objects.get(person__slug="tiago").is_present
