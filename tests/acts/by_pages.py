"""What people do on pages: a row for each address that takes a form, and for each act of a case's page."""

from __future__ import annotations

import time
from typing import Any

from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile

from roomdesk.clocks.models import Notice
from roomdesk.consent.models import Request
from roomdesk.directory import services
from tests.acts import by_rest, passkey, world
from tests.acts.act import Act, page
from tests.acts.world import PRODUCT, consent, of, ref, said
from tests.flow.world import ACTOR
from tests.harness.authenticator import shown

#: Of an authenticator app.
_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
#: Addresses that take a form and do nothing that has to be proven, with the reason.
NO_ACTS = {
    "home": "It leads to where somebody belongs.",
    "console:presence": "Who has a case open is told and forgotten (docs/decisions/0042).",
    "chat:signs": "How far somebody has read and that they write is told between pages only (docs/decisions/0045).",
    "account_login": "A session begins; what is done in it stands in the chain by itself.",
    "account_logout": "A session ends.",
    "account_reauthenticate": "A session goes on; the evidence of it is kept with what it is used for.",
    "outside": "A session begins at an outside provider.",
    "outside_again": "A session goes on by an outside provider.",
    "outside_back": "A session begins; who enters for the first time is told by `directory.services.identities` (tests/identity).",
    "usersessions_list": "Somebody ends sessions of their own.",
    "mfa_authenticate": "A session begins by a second factor.",
    "mfa_login_webauthn": "A session begins by a passkey.",
    "mfa_reauthenticate": "A session goes on.",
    "mfa_reauthenticate_webauthn": "A session goes on.",
    "mfa_edit_webauthn": "Somebody calls a key of their own by another name.",
    "mfa_index": "It shows what there is.",
    "mfa_list_webauthn": "It shows what there is.",
    "mfa_view_recovery_codes": "It shows what there is.",
    "mfa_download_recovery_codes": "It shows what there is.",
    "account_inactive": "A sentence.",
    "account_reset_password": "A sentence: whom to ask.",
    "console:staff_repair": "As `console:repair`, for a room of the staff (tests/console/test_rooms.py).",
    "idp:oidc:authorization": "A client of the desk's own is given a session of somebody who is signed in.",
    "idp:oidc:device_code": "As `idp:oidc:authorization`.",
    "idp:oidc:device_authorization": "As `idp:oidc:authorization`.",
    "idp:oidc:token": "As `idp:oidc:authorization`.",
    "idp:oidc:revoke": "A session of a client ends.",
    "idp:oidc:userinfo": "It tells who is signed in.",
    "idp:oidc:logout": "A session ends.",
    "idp:oidc:configuration": "It tells addresses.",
    "idp:oidc:jwks": "It tells public keys.",
}
#: What is read only, and refuses every form (405).
READ = {
    "brand", "styleguide", "console:cases", "console:find", "console:search", "console:rooms", "console:room", "console:staff_room", "console:filing",
    "console:workspaces", "console:workspace", "console:products", "console:product", "console:audit", "console:health", "console:reports", "console:report_cases",
    "console:report", "console:macros", "console:file", "portal:index", "portal:support", "portal:cases", "portal:consents", "portal:search", "portal:files",
    "portal:file", "chat:index", "chat:open", "chat:search",
}  # fmt: skip
#: Addresses at which programs call, with what stands for them.
BY_PROGRAMS = {
    "healthz": "It tells whether the desk is up.",
    "pagerduty": "What PagerDuty tells is stored as it came; what follows is the pipeline's, with its entries.",
    "calendar": "It is read only, at a secret address.",
}
_AT = {"account_authentication_methods": lambda: [{"method": "password", "at": world.NOW.timestamp()}]}
_ACT = of("/console/cases/{ref}/act")


def _fresh(who: str) -> dict[str, Any]:
    """As right after a sign-in; the library holds its records to be of one person only."""
    from roomdesk.directory.models import Person

    def user() -> str:
        return str(Person.objects.get(slug=who).pk)

    return {"account_authentication_methods_user": user, **_AT}


def _file(name: str = "notes.txt") -> Any:
    return SimpleUploadedFile(name, b"line one")


def _consent() -> str:
    return f"/console/consents/{consent()}"


def _act(act: str, says: str = "case.", event: str = "$said", before: Any = None, **form: Any) -> Act:
    def given() -> dict[str, Any]:
        asked = {name: value() if callable(value) else value for name, value in form.items()}
        return {"act": act, "key": f"key-{act}", **asked}

    address = of("/console/cases/{ref}/act", event)
    more = {"before": before} if before else {}
    return Act("page console:act", says, page("dora", address, given), variant=act, **more)


def _page(name: str, says: str, who: str, address: Any, form: Any, variant: str = "", **more: Any) -> Act:
    session = more.pop("session", {})
    return Act(f"page {name}", says, page(who, address, form, **session), variant=variant, **more)


def _now(who: str) -> dict[str, Any]:
    """As `_fresh` by the clock of the machine, which the library of second factors goes by."""
    return _fresh(who) | {
        "account_authentication_methods": lambda: [{"method": "password", "at": time.time(), "reauthenticated": True}]
    }


def _password() -> None:
    services.do_set_password(id="olga", password=_OLD, actor=ACTOR, now=world.NOW)


_OLD, _NEW = "a long word of hers", "another long word of hers"


def _code() -> dict[str, str]:
    """What the app shows now. What was shown before counts as used."""
    cache.clear()
    return {"code": shown(_SECRET)}


def _with_app() -> None:
    assert page("olga", "/accounts/2fa/totp/activate/", _code, **{"mfa.totp.secret": lambda: _SECRET}, **_now("olga"))()


_REGISTERING = {"mfa.webauthn.state": passkey.challenged}


def _with_passkey() -> None:
    assert page("olga", "/accounts/2fa/webauthn/add/", passkey.registered, **_REGISTERING, **_now("olga"))()


def _answer() -> str:
    return str(said("$answer"))


def _other() -> str:
    return ref("$acme-open")


def _snoozed() -> None:
    assert page("dora", _ACT, {"act": "snooze", "hours": "4", "key": "s"})()


def _waiting_again() -> None:
    from roomdesk.queues.models import OutboxRow

    assert page("dora", of("/console/cases/{ref}"), {"text": "We look into it", "key": "a"})()
    OutboxRow.objects.filter(message_id__isnull=False, kind="send").update(state="failed")


def _failed_message() -> str:
    from roomdesk.queues.models import OutboxRow

    return str(OutboxRow.objects.filter(message_id__isnull=False, state="failed").latest("pk").message_id)


def _saved_view() -> None:
    assert page("dora", "/console/views", {"name": "Late ones", "view": "breached"})()


def _view_number() -> str:
    from roomdesk.cases.models import SavedView

    return str(SavedView.objects.get().pk)


ROTA = """
[[layers]]
name = "first"
people = ["ivan", "petya"]
zone = "Europe/Sofia"
starts = 2026-01-05
hand_over = "09:00"
"""

CASE_ACTS = [
    _act("take"),
    _act("assign", assignee="ivan"),
    _act("acknowledged", event="$acme-open"),
    _act("investigating"),
    _act("waiting_customer"),
    _act("waiting_third_party"),
    _act("resolved", fix="Restarted", root_cause="A full disk"),
    _act("closed", event="$acme-resolved"),
    _act("reopen", event="$acme-resolved"),
    _act("severity", severity="critical"),
    _act("kind", kind="question"),
    _act("snooze", hours="4"),
    _act("wake", before=_snoozed),
    _act("untriage"),
    _act("escalate", field="database"),
    _act("deescalate", before=by_rest._escalated, field="database"),
    _act("macro", "message.recorded", macro="on_it"),
    _act("link", to=_other),
    _act("unlink", before=by_rest._linked, to=_other),
    _act("attach", to=_other),
    _act("detach", before=by_rest._attached),
    _act("answer_all", "message.recorded", event="$acme-open", before=by_rest._attached, text="It is mended"),
    _act("merge", into=_other),
    _act("unmerge", before=by_rest._merged),
    _act("split", messages=lambda: str(said("$file"))),
    _act("move", messages=_answer, to=_other),
    _act("note", "message.recorded", text="Their database is old"),
    _act("again", "message.again", before=_waiting_again, message=_failed_message),
]

ACTS = [
    *CASE_ACTS,
    _page("console:case", "message.recorded", "dora", of("/console/cases/{ref}"), {"text": "We look into it", "key": "a"}),
    _page("console:case", "message.recorded", "dora", of("/console/cases/{ref}"), lambda: {"text": "", "key": "b", "files": [_file()]}, "file"),
    _page("console:bulk", "case.", "dora", "/console/bulk", lambda: {"act": "take", "refs": [ref(), _other()]}),
    _page(
        "console:undo", "case.", "dora", "/console/undo", {"back": "/console/"},
        session={"undo": lambda: {"at": world.NOW.isoformat(), "words": "It", "steps": [[ref(), "assignee", "", "ivan"]]}},
        before=lambda: by_rest.rest("PATCH", of("cases/{ref}"), {"assignee": "ivan", "author": "ivan"})(),
    ),
    _page("console:keep_view", "view.saved", "dora", "/console/views", {"name": "Late ones", "view": "breached"}),
    _page("console:keep_view", "view.removed", "dora", "/console/views", lambda: {"remove": _view_number()}, "remove", before=_saved_view),
    _page("console:attention", "question.answered", "dora", "/console/attention", lambda: {"answer": f"1:{ref()}"}, "answer", before=world.question),
    _page("console:attention", "clock.notice_seen", "dora", "/console/attention", lambda: {"seen": str(Notice.objects.latest("pk").pk)}, "seen", before=world.notice),
    _page("console:attention", "staff.", "dora", "/console/attention", {"presence": "away"}, "presence"),
    _page("console:oncall", "page.acknowledged", "dora", "/console/oncall", lambda: {"act": "acknowledge", "ref": ref("$p0"), "product": PRODUCT}, "acknowledge", before=world.p0),
    _page("console:rota", "rota.", "dora", f"/console/oncall/{PRODUCT}/rota", {"do": "save-text", "written": ROTA, "version": "0"}, "write"),
    _page("console:oncall", "rota.", "dora", "/console/oncall", {"act": "swap", "product": PRODUCT, "person": "petya", "reason": "A wedding", "instead_of": "ivan"}, "swap", before=world.rota),
    _page("console:oncall", "rota.", "dora", "/console/oncall", lambda: {"act": "end_swap", "product": PRODUCT, "number": str(world.swap_number())}, "end swap", before=world.swap),
    _page("console:oncall", "rota.feed_", "dora", "/console/oncall", {"act": "calendar", "product": PRODUCT}, "calendar", before=world.rota),
    _page("console:oncall", "rota.feed_", "dora", "/console/oncall", lambda: {"act": "revoke", "product": PRODUCT, "number": str(world.calendar_number())}, "revoke", before=world.calendar),
    _page("console:oncall", "reach.put", "dora", "/console/oncall", {"act": "ways", "product": PRODUCT, "ways": f"pagerduty = {'R' * 32}"}, "ways"),
    _page("console:consents", "consent.asked", "dora", "/console/consents", {"kind": "data_change", "workspace": "acme", "words": "Correct it"}),
    _page("console:consent", "consent.withdrawn", "dora", _consent, {"act": "withdraw"}, "withdraw", before=world.ask),
    _page("console:consent", "consent.identity", "dora", lambda: f"/console/consents/{consent('two_factor_reset')}", {"act": "identity", "method": "call", "evidence": "contract 7"}, "identity", before=world.reset),
    _page("console:repair", "room.", "dora", "/console/rooms/of/acme/repair", {"repair": "yes"}),
    _page("console:webhooks", "webhook.made", "dora", "/console/webhooks", {"slug": "crm", "url": "https://hooks.example.org/"}),
    *(_page("console:webhook", f"webhook.{says}", "dora", "/console/webhooks/crm", {"act": act}, act, before=world.webhook) for act, says in (("ping", "p"), ("off", ""), ("rotate", ""))),
    _page("console:webhook", "webhook.replayed", "dora", "/console/webhooks/crm", lambda: {"act": f"replay:{world.delivery()}"}, "replay", before=world.delivered),
    _page("console:new_macro", "macro.", "dora", f"/console/macros/new/{PRODUCT}", {"act": "save", "slug": "hello", "text.en": "Hello {customer}", "text.bg": "Здравейте {customer}"}),
    _page("console:macro", "macro.", "dora", f"/console/macros/of/{PRODUCT}/hello", {"act": "save", "text.en": "Good day {customer}", "text.bg": "Здравейте {customer}"}, "save", before=by_rest._macro),
    _page("console:macro", "macro.removed", "dora", f"/console/macros/of/{PRODUCT}/hello", {"act": "remove"}, "remove", before=by_rest._macro),
    _page("portal:access", "access.", "boyan", "/portal/acme/access", {"ask": "yes"}),
    _page("portal:access", "access.", "boyan", "/portal/acme/access", {"withdraw": "yes"}, "withdraw", before=by_rest._asked_for_access),
    _page("portal:team", "", "olga", "/portal/acme/team", {"on": "boyan"}, "on"),
    _page("portal:team", "", "olga", "/portal/acme/team", {"off": "mira"}, "off"),
    _page("portal:team", "access.", "olga", "/portal/acme/team", lambda: {"decline": by_rest._access_number().rpartition("/")[2]}, "decline", before=by_rest._asked_for_access),
    _page("portal:new_request", "case.opened", "olga", "/portal/acme/new", {"summary": "The till is stuck", "key": "n"}),
    _page("portal:case", "message.recorded", "olga", of("/portal/acme/cases/{ref}"), {"text": "More of it", "key": "k"}),
    _page("portal:rate", "case.", "olga", of("/portal/acme/cases/{ref}/rate", "$acme-resolved"), {"score": "good"}),
    _page("portal:p0", "case.misuse", "olga", "/portal/cedar/p0", lambda: {"number": by_rest._misused("{number}")(), "text": "It was one"}, before=by_rest._mark),
    _page("portal:consent", "consent.given", "olga", lambda: f"/portal/acme/consents/{consent()}", lambda: {"text": Request.objects.get(ref=consent()).phrase}, "agree", before=world.ask, session=_fresh("olga")),
    _page("portal:consent", "consent.refused", "olga", lambda: f"/portal/acme/consents/{consent()}", {"no": "1"}, "no", before=world.ask),
    _page("chat:room", "room.said_for", "olga", "/chat/acme", {"text": "Hello", "key": "k"}),
    _page("chat:room", "room.said_for", "olga", "/chat/acme", lambda: {"text": "", "key": "f", "files": [_file()]}, "file"),
    _page("chat:room", "room.said_for", "olga", "/chat/acme", lambda: {"edit": str(said("$said")), "text": "Mended", "key": "e"}, "edit"),
    _page("chat:room", "room.reacted_for", "olga", "/chat/acme", lambda: {"react": f"{said('$said')}:👍"}, "react"),
    _page("mfa_activate_totp", "person.second_factor_added", "olga", "/accounts/2fa/totp/activate/", _code, session={"mfa.totp.secret": lambda: _SECRET, **_now("olga")}),
    _page("mfa_deactivate_totp", "person.second_factor_removed", "olga", "/accounts/2fa/totp/deactivate/", {}, before=_with_app, session=_now("olga")),
    _page("mfa_generate_recovery_codes", "person.second_factor_added", "olga", "/accounts/2fa/recovery-codes/generate/", {}, before=_with_app, session=_now("olga")),
    _page("mfa_add_webauthn", "person.second_factor_added", "olga", "/accounts/2fa/webauthn/add/", passkey.registered, session={**_REGISTERING, **_now("olga")}),
    _page("mfa_remove_webauthn", "person.second_factor_removed", "olga", passkey.removal, {}, before=_with_passkey, session=_now("olga")),
    _page("account_change_password", "person.password_set", "olga", "/accounts/password/change/", {"oldpassword": _OLD, "password1": _NEW, "password2": _NEW}, before=_password, session=_now("olga")),
    _page("account_language", "person.changed", "olga", "/accounts/language/", {"locale": "bg"}),
    *(Act("page page_link", says, page(None, world.link, {"act": act}), world.p0, act) for act, says in (("take", "page.acknowledged"), ("hand_on", "page.handed_on"), ("not_me", "page.not_me"))),
]  # fmt: skip
