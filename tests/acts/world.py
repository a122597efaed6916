"""The desk in which every act is told: `portal.scene`, with staff who may do everything, and what an act needs to be there before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from roomdesk.cases.models import Case, Question
from roomdesk.clocks.models import Clock, Notice
from roomdesk.consent import asking, on_the_page
from roomdesk.consent.asking import Wish
from roomdesk.consent.models import Request
from roomdesk.directory import services
from roomdesk.directory.customers import access_customer
from roomdesk.directory.models import Person
from roomdesk.directory.queries import Viewer
from roomdesk.oncall import links, rotas
from roomdesk.oncall.models import Call, Page
from roomdesk.queues.models import InboxEvent, Lane
from roomdesk.record.models import Message
from roomdesk.runtime import clock
from tests.acts import act
from tests.cases_api.place import command, token
from tests.flow import world
from tests.flow.world import ACTOR, EVERYONE, OLGA, message, room, store
from tests.portal import scene
from tests.search.talk import work_off

PRODUCT = "plana-business-cloud"
NOW = scene.NOW
OPERATOR = Viewer("cli", "tests", sees_all=True)
CHANGE = {"do": "sql", "file": "vat.sql"}
ROTA: dict[str, Any] = {
    "layers": [
        {"name": "first", "people": ["ivan", "petya"], "zone": "Europe/Sofia", "starts": "2026-01-05", "hand_over": "09:00", "every": "1 week"},
        {"name": "second", "level": 2, "people": ["dora"], "zone": "Europe/Sofia", "starts": "2026-01-05", "hand_over": "09:00"},
    ],
}  # fmt: skip


def build() -> None:
    """Dora has every role that there is, Petya is an engineer, Sam a specialist of databases; a program may do everything."""
    world.build()
    scene.build()
    with clock.frozen(scene.START + timedelta(minutes=10)):
        roles = ["administrator", "lead", "engineer", "security"]
        services.do_put_staff(id="dora", roles=roles, actor=ACTOR, now=clock.now())
        services.do_put_staff(id="petya", roles=["engineer"], actor=ACTOR, now=clock.now())
        services.do_put_staff(id="sam", roles=["specialist"], field="database", actor=ACTOR, now=clock.now())
        act.TOKEN[:] = [token("every-act", "admin")]
        work_off()
    scene.inside("acme", "dora", "petya")


def case(event: str = "$said") -> Case:
    return scene.case_of(event)


def ref(event: str = "$said") -> str:
    return str(case(event).ref)


def of(path: str, event: str = "$said") -> Any:
    """An address in which the reference of a case stands."""
    return lambda: path.format(ref=ref(event))


def said(event: str = "$said") -> int:
    return int(Message.objects.get(external_id=event).pk)


def hear(event: str, slug: str, text: str) -> None:
    store(message(event, room(slug), OLGA, text))
    work_off()


def p0() -> None:
    """A page that nobody has yet, for the case of `$p0`, and the rota of those who are called."""
    rota()
    hear("$p0", "cedar", "P0 everything is down, nobody can work")


def other_tier() -> None:
    """Running clocks were promised by another tier than the present one."""
    services.do_put_workspace(slug="acme", tier="enterprise", actor=ACTOR, now=clock.now())
    work_off()


def rota() -> None:
    rotas.do_put(OPERATOR, PRODUCT, ROTA, actor=ACTOR, now=clock.now())


def swap() -> None:
    rota()
    wish = rotas.Wish(None, "petya", "A wedding", instead_of="ivan")
    rotas.do_swap(OPERATOR, PRODUCT, wish, actor=ACTOR, now=clock.now())


def swap_number() -> int:
    from roomdesk.oncall.models import Swap

    return int(Swap.objects.get().pk)


def calendar() -> None:
    from roomdesk.oncall import feeds

    rota()
    feeds.do_make(OPERATOR, PRODUCT, "", actor=ACTOR, now=clock.now())


def calendar_number() -> int:
    from roomdesk.oncall.models import Feed

    return int(Feed.objects.get().pk)


def link() -> str:
    """The address that is sent to whoever is called."""
    found = Page.objects.get(workspace__slug="cedar")
    called = Call.objects.filter(page=found).exclude(to="").first()
    called = called or Call(page=found, to="ivan")
    address = links.address(called, clock.now())
    return "/page/" + address.rpartition("/page/")[2]


def ask(kind: str = "data_change", **given: Any) -> Request:
    given = {"workspace": "acme", "words": "Correct the VAT", "action": CHANGE, **given}
    return asking.do_ask(EVERYONE, Wish(kind, **given), author="ivan", actor=ACTOR, now=clock.now())


def reset() -> None:
    ask("two_factor_reset", person="mira", action=None)


def consent(kind: str = "data_change") -> str:
    return str(Request.objects.get(kind=kind, workspace__slug="acme").ref)


def granted() -> None:
    request = ask()
    customer = access_customer(Person.objects.get(slug="olga"), "acme", clock.now())
    on_the_page.do_agree(customer, request.ref, request.phrase, session={}, actor=ACTOR, now=clock.now())


def used() -> None:
    from roomdesk.consent import using

    granted()
    using.do_consume(EVERYONE, consent(), CHANGE, "a-nonce-of-ours", actor=ACTOR, now=clock.now())


def webhook() -> None:
    assert command("webhook", "put", "crm", "--url", "https://hooks.example.org/").exit_code == 0


def delivered() -> None:
    from roomdesk.queues.models import OutboxRow

    webhook()
    assert command("webhook", "ping", "crm").exit_code == 0
    OutboxRow.objects.filter(channel="webhook").update(state="failed")


def delivery() -> int:
    from roomdesk.webhooks.models import Delivery

    return int(Delivery.objects.latest("pk").pk)


def question() -> None:
    """A message of Ivan of which nothing says which of two cases it answers."""
    answer = Message.objects.get(external_id="$answer")
    answer.pk, answer.case, answer.number, answer.external_id = answer.pk + 5000, None, answer.number + 5000, "$unplaced"  # fmt: skip
    answer.save(force_insert=True)
    Question.objects.create(
        id=1, workspace=answer.workspace, message_id=answer.pk, author_ref=answer.author_ref, at=answer.at, asked_at=clock.now(),
        choices=[ref(), ref("$acme-open")],
    )  # fmt: skip


def notice() -> None:
    told = Clock.objects.filter(case=case(), kind="first_response").latest("pk")
    Notice.objects.create(
        clock=told,
        revision=1,
        step=50,
        due_at=clock.now(),
        planned_at=clock.now(),
        told_at=clock.now(),
        audience="desk",
    )


def set_aside() -> None:
    InboxEvent.objects.create(
        source="matrix", external_id="$broken", address=room("acme"), lane=Lane.objects.get(key="workspace:acme"),
        received_at=clock.now(), raw="{}", state=InboxEvent.State.SET_ASIDE, reason="It failed.", attempts=3,
    )  # fmt: skip


def set_aside_number() -> str:
    return str(InboxEvent.objects.get(external_id="$broken").pk)
