"""What operators do on the command line: a row for each command that writes, and for each service that is reached in no other way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from roomdesk import pipeline
from roomdesk.audit.work import Actor
from roomdesk.bootstrap import settings
from roomdesk.directory import services
from roomdesk.directory.services import identities
from roomdesk.oncall import drill
from roomdesk.oncall.models import Page
from roomdesk.runtime import clock
from tests.acts import by_pages, by_rest, world
from tests.acts.act import WHY, Act, call, cli
from tests.acts.world import CHANGE, PRODUCT, consent, ref, said
from tests.flow.world import ACTOR, OLGA, message, room, store

_ISSUER = "https://login.example.org"
PRODUCTS = Path(__file__).parents[2] / "products"

#: Commands that only read, or only run something whose acts stand in the chain by themselves.
READ = {
    "access list", "audit export", "audit roots", "audit verify", "bench seed", "case filing", "case list", "case macros", "case queue", "case questions",
    "case satisfaction", "case show", "case unplaced", "clock show", "consent check", "consent keys", "consent list", "consent show", "doctor", "inbox list",
    "inbox show", "macro list", "macro preview", "macro show", "member list", "oncall check", "oncall gaps", "oncall ics", "oncall pages", "oncall show", "oncall who",
    "person left", "person show", "product check", "product diff", "product show", "record search", "rooms drift", "rooms plan", "settings list", "sla attainment", "sla due",
    "sla explain", "sla simulate", "staff list", "token list", "triage classify", "webhook deliveries", "webhook list", "workspace list", "workspace show",
    "up", "demo", "web", "worker", "watchdog", "migrate",
}  # fmt: skip
#: Commands that write, and whose entries other tests show: they need a homeserver, the owner of the tables, or another clock.
ELSEWHERE = {
    "audit erase": "tests/consent/test_forgetting.py",
    "clock advance": "Time of demonstrations and tests alone; what becomes due by it stands in the chain.",
    "matrix-login": "tests/channels/test_accounts.py",
    "oncall drill": "Below, as a service: the command waits for people.",
    "oncall import": "PagerDuty is asked; what it answers stands in the chain (tests/paging/test_imported.py).",
    "person link": "Below, as a service: the command needs an outside provider.",
    "person unlink": "Below, as a service: the command needs an outside provider.",
    "record export": "tests/record/test_export.py",
    "record import-room": "tests/record/test_import_room.py",
    "record verify": "tests/record/test_verify.py",
    "rooms adopt": "tests/rooms/test_replaced.py",
    "rooms remake": "tests/rooms/test_replaced.py",
}


def _cli(name: str, says: str, *words: Any, **more: Any) -> Act:
    stdin = more.pop("stdin", None)
    variant = more.pop("variant", "")
    return Act(f"command {name}", says, cli(*name.split(), *words, stdin=stdin), variant=variant, **more)


def _rota() -> str:
    path = settings.data / "rota-of-acts.toml"
    path.write_text(by_pages.ROTA, "utf-8")
    return str(path)


def _drilled() -> None:
    world.rota()
    drill.do_begin(world.OPERATOR, PRODUCT, actor=ACTOR, now=clock.now())


def _drill() -> int:
    return int(Page.objects.get(cause="drill").pk)


def _linked() -> None:
    identities.do_link(id="olga", issuer=_ISSUER, subject="s-1", actor=ACTOR, now=clock.now())


def _reachable() -> None:
    assert cli("oncall", "reach", "ivan", "--way", f"pagerduty={'R' * 32}")()


def _tested() -> bool:
    """A routing key is not tried, which the command says by its exit."""
    return cli("oncall", "test", "ivan")() or "Not tried" in WHY[-1]


def _drained() -> bool:
    """One event, as a worker takes it; whether it is done."""
    before = pipeline.drain(1)
    return bool(before)


_IVAN = ("--as", "ivan")
_JSON = json.dumps(CHANGE)
_LINES = json.dumps({"slug": "elm", "product": PRODUCT, "tier": "pro", "owner": "elsa"}) + "\n"

COMMANDS = [
    _cli("access ask", "access.", "acme", "boyan"),
    *(_cli(f"access {word}", "access.", "acme", lambda: by_rest._access_number().rpartition("/")[2], before=by_rest._asked_for_access) for word in ("approve", "decline", "withdraw")),
    _cli("case open", "case.opened", "acme", "The till is stuck", "--as", "olga"),
    _cli("case answer", "message.recorded", ref, "We look into it", *_IVAN),
    _cli("case severity", "case.", ref, "critical", *_IVAN),
    _cli("case kind", "case.", ref, "question", *_IVAN),
    _cli("case undo-triage", "case.", ref, *_IVAN),
    _cli("case assign", "case.", ref, "petya", *_IVAN),
    _cli("case take", "case.", ref, *_IVAN),
    _cli("case ack", "case.", lambda: ref("$acme-open"), *_IVAN),
    _cli("case wait", "case.", ref, *_IVAN),
    _cli("case go-on", "case.", ref, *_IVAN, before=lambda: cli("case", "wait", ref, *_IVAN)()),
    _cli("case snooze", "case.", ref, "2026-03-05T08:00:00Z", *_IVAN),
    _cli("case resolve", "case.", ref, "--fix", "Restarted", "--root-cause-unknown", *_IVAN),
    _cli("case close", "case.", lambda: ref("$acme-resolved"), *_IVAN),
    _cli("case reopen", "case.", lambda: ref("$acme-resolved"), *_IVAN),
    _cli("case split", "case.", ref, lambda: str(said("$file")), *_IVAN),
    _cli("case move", "case.", ref, lambda: str(said("$answer")), "--to", lambda: ref("$acme-open"), *_IVAN),
    _cli("case merge", "case.", ref, lambda: ref("$acme-open"), *_IVAN),
    _cli("case unmerge", "case.", ref, *_IVAN, before=by_rest._merged),
    _cli("case escalate", "case.", ref, "database", *_IVAN),
    _cli("case deescalate", "case.", ref, *_IVAN, before=by_rest._escalated),
    _cli("case link", "case.", ref, lambda: ref("$acme-open"), *_IVAN),
    _cli("case unlink", "case.", ref, lambda: ref("$acme-open"), *_IVAN, before=by_rest._linked),
    _cli("case attach", "case.", ref, lambda: ref("$acme-open"), *_IVAN),
    _cli("case detach", "case.", ref, *_IVAN, before=by_rest._attached),
    _cli("case answer-all", "message.recorded", lambda: ref("$acme-open"), "It is mended", *_IVAN, before=by_rest._attached),
    _cli("case macro", "message.recorded", ref, "on_it", *_IVAN),
    _cli("case rate", "case.", lambda: ref("$acme-resolved"), "good", "--as", "olga"),
    _cli("case call", "case.", ref, "inbound", "--connected", "--note", "It works", *_IVAN),
    _cli("case answer-question", "question.answered", "1", ref, *_IVAN, before=world.question),
    _cli("consent ask", "consent.asked", "data_change", "Correct the VAT", "--workspace", "acme"),
    _cli("consent withdraw", "consent.withdrawn", consent, before=world.ask),
    _cli("consent verify-identity", "consent.identity", lambda: consent("two_factor_reset"), "--method", "call", "--evidence", "contract 7", *_IVAN, before=world.reset),
    _cli("consent consume", "consent.used", consent, "--action", _JSON, "--nonce", "a-nonce-of-ours", before=world.granted),
    _cli("consent result", "consent.done", consent, "done", before=world.used),
    _cli("inbox replay", "inbox.replayed", world.set_aside_number, before=world.set_aside),
    _cli("inbox ignore", "inbox.ignored", world.set_aside_number, "--reason", "Not needed", before=world.set_aside),
    _cli("macro put", "macro.", PRODUCT, "hello", "--text", "en", "Hello {customer}", "--text", "bg", "Здравейте {customer}"),
    _cli("macro remove", "macro.removed", PRODUCT, "hello", before=by_rest._macro),
    _cli("member put", "member.", "acme", "boyan", "--role", "admin"),
    _cli("member remove", "member.", "acme", "boyan", "--wait", "0"),
    _cli("oncall put", "rota.", _rota, "--product", PRODUCT),
    _cli("oncall swap", "rota.", "petya", "--product", PRODUCT, "--instead-of", "ivan", "--reason", "A wedding", before=world.rota),
    _cli("oncall end-swap", "rota.", lambda: str(world.swap_number()), "--product", PRODUCT, before=world.swap),
    _cli("oncall page", "page.opened", lambda: ref("$acme-open"), *_IVAN, before=world.rota),
    _cli("oncall ack", "page.acknowledged", lambda: ref("$p0"), *_IVAN, before=world.p0),
    _cli("oncall reach", "reach.put", "ivan", "--way", f"pagerduty={'R' * 32}"),
    Act("command oncall test", "reach.tested", _tested, _reachable),
    _cli("person password", "person.password_set", "olga", "--password-stdin", stdin="a long word of hers\n"),
    _cli("product load", "product.loaded", str(PRODUCTS), before=lambda: _older_product()),
    _cli("rooms reconcile", "room.reconcile", "--workspace", "acme"),
    _cli("sla retarget", "sla.retargeted", "--workspace", "acme", "--reason", "A new tier", before=world.other_tier),
    _cli("staff put", "staff.", "petya", "--role", "lead"),
    _cli("staff remove", "staff.", "petya", "--wait", "0"),
    _cli("staff availability", "staff.", "petya", "--away"),
    _cli("token make", "token.made", "other", "--scope", "cases:read"),
    _cli("token revoke", "token.revoked", "other", before=lambda: cli("token", "make", "other", "--scope", "cases:read")()),
    _cli("webhook put", "webhook.made", "crm", "--url", "https://hooks.example.org/"),
    *(_cli(f"webhook {word}", "webhook.", "crm", before=world.webhook) for word in ("rotate", "off", "remove", "ping")),
    _cli("webhook on", "webhook.", "crm", before=lambda: (world.webhook(), cli("webhook", "off", "crm")())),
    _cli("webhook replay", "webhook.replayed", "crm", lambda: str(world.delivery()), before=world.delivered),
    _cli("workspace put", "workspace.", "acme", "--display-name", "Acme and Sons"),
    _cli("workspace import", "workspace.", "-", stdin=_LINES),
]  # fmt: skip


def _older_product() -> None:
    """As if the files had changed since they were loaded."""
    from roomdesk.product.models import ProductVersion

    ProductVersion.objects.filter(slug=PRODUCT).update(content_hash="0" * 64)


def _store(event: str, slug: str, text: str, sender: str = OLGA, **content: Any) -> Any:
    return lambda: store(message(event, room(slug), sender, text, **content))


#: What is done in rooms: an event that the chain does not take waits, and nothing of it is on record.
_TRACE = frozenset({"queues_inboxevent"})
EVENTS = [
    Act(
        "event message",
        "message.recorded",
        _drained,
        _store("$new", "acme", "The scales show nothing at all."),
        aside=_TRACE,
    ),
]

#: Shorter ways to what REST and the command line do by `grant`.
_DIRECTORY: dict[str, dict[str, Any]] = {
    "do_put_workspace": {"slug": "acme", "display_name": "Acme and Sons"},
    "do_put_member": {"workspace": "acme", "id": "boyan", "role": "admin"},
    "do_remove_member": {"workspace": "acme", "id": "boyan"},
    "do_put_staff": {"id": "petya", "roles": ["lead"]},
    "do_remove_staff": {"id": "petya"},
}
SERVICES = [
    *(Act(f"service directory.services.{name}", "", call(lambda name=name, given=given: getattr(services, name)(**given, actor=ACTOR, now=clock.now()))) for name, given in _DIRECTORY.items()),
    Act("service directory.services.identities.do_link", "person.linked", call(_linked)),
    Act("service directory.services.identities.do_unlink", "person.unlinked", call(lambda: identities.do_unlink(id="olga", issuer=_ISSUER, actor=ACTOR, now=clock.now())), _linked),
    Act("service oncall.drill.do_begin", "page.opened", call(lambda: drill.do_begin(world.OPERATOR, PRODUCT, actor=ACTOR, now=clock.now())), world.rota),
    Act("service oncall.drill.do_end", "page.resolved", call(lambda: drill.do_end(_drill(), actor=ACTOR, now=clock.now())), _drilled),
    Act("service directory.services.people.do_put_person", "person.created", call(lambda: services.do_put_person(id="nora", actor=Actor("cli", "x"), now=clock.now()))),
]  # fmt: skip

ACTS = [*COMMANDS, *EVENTS, *SERVICES]
