"""What programs do by REST: a row for each operation that writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from roomdesk import bootstrap
from roomdesk.web.identity.outside import configured
from tests.acts import world
from tests.acts.act import Act, rest
from tests.acts.world import CHANGE, PRODUCT, ROTA, consent, of, ref, said

#: Operations that are sent something and write nothing.
NO_ACTS = {"macros_preview": "It says how a macro would be said; nothing is written."}
_FIXED = {"state": "resolved", "fix": "Restarted", "root_cause": "A full disk", "author": "ivan"}
_MACRO = {"texts": {"en": "Hello {customer}", "bg": "Здравейте {customer}"}}


def _misused(path: str) -> Any:
    def address() -> str:
        from roomdesk.oncall.models import Misuse

        return path.format(number=Misuse.objects.get().pk, ref=ref("$p0"))

    return address


def _mark() -> None:
    world.p0()
    assert rest("POST", of("cases/{ref}/misuse", "$p0"), {"reason": "It was a question", "author": "ivan"})()


def _macro() -> None:
    assert rest("PUT", f"products/{PRODUCT}/macros/hello", _MACRO)()


def _asked_for_access() -> None:
    assert rest("POST", "workspaces/acme/access-requests", {"member": "boyan"})()


def _access_number() -> str:
    from roomdesk.directory.models import AccessRequest

    return f"workspaces/acme/access-requests/{AccessRequest.objects.get().pk}"


def _merged() -> None:
    assert rest("POST", of("cases/{ref}/merge"), {"into": ref("$acme-open"), "author": "ivan"})()


def _escalated() -> None:
    assert rest("POST", of("cases/{ref}/escalate"), {"field": "database", "author": "ivan"})()


def _other(**more: str) -> Any:
    return lambda: {"to": ref("$acme-open"), "author": "ivan", **more}


def _linked() -> None:
    assert rest("POST", of("cases/{ref}/link"), _other())()


def _attached() -> None:
    assert rest("POST", of("cases/{ref}/attach"), _other())()


def _at_provider(call: Callable[[], bool]) -> Callable[[], bool]:
    """While the settings name a provider."""

    def act() -> bool:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(configured, "settings", replace(bootstrap.settings, sign_in_providers=_PROVIDER))
            return call()

    return act


_PROVIDER = """
[shop]
name = "Shop"
issuer = "https://login.shop.example"
client_id = "support"
client_secret = "secret"
for = "customers"
products = ["plana-business-cloud"]
"""
_link = _at_provider(rest("PUT", "people/olga/identities/shop", {"subject": "s-1"}))
_unlink = _at_provider(rest("DELETE", "people/olga/identities/shop"))


def _rest(operation: str, says: str, method: str, path: Any, body: Any = None, **more: Any) -> Act:
    return Act(f"rest {operation}", says, rest(method, path, body), **more)


ACTS = [
    _rest("workspaces_put", "workspace.", "PUT", "workspaces/acme", {"display_name": "Acme and Sons"}),
    _rest("members_put", "member.", "PUT", "workspaces/acme/members/boyan", {"role": "admin"}),
    _rest("members_delete", "member.", "DELETE", "workspaces/acme/members/boyan"),
    _rest("access_ask", "access.", "POST", "workspaces/acme/access-requests", {"member": "boyan"}),
    _rest("access_decide", "access.", "POST", _access_number, {"decision": "approved", "by": "olga"}, before=_asked_for_access),
    _rest("staff_put", "staff.", "PUT", "staff/petya", {"roles": ["engineer", "lead"]}),
    _rest("staff_availability", "staff.", "PUT", "staff/petya/availability", {"present": False}),
    _rest("staff_delete", "staff.", "DELETE", "staff/petya"),
    Act("rest identities_put", "person.linked", _link),
    Act("rest identities_delete", "person.unlinked", _unlink, _link),
    _rest("cases_open", "case.opened", "POST", "cases", {"workspace": "acme", "author": "olga", "text": "The till is stuck"}),
    _rest("cases_say", "message.recorded", "POST", of("cases/{ref}/messages"), {"author": "ivan", "text": "We look into it"}),
    _rest("cases_rate", "case.", "POST", of("cases/{ref}/satisfaction", "$acme-resolved"), {"author": "olga", "score": "good"}),
    _rest("cases_change", "case.", "PATCH", of("cases/{ref}"), {"assignee": "ivan", "author": "ivan"}),
    _rest("cases_reopen", "case.", "POST", of("cases/{ref}/reopen", "$acme-resolved"), {"author": "ivan"}),
    _rest("cases_split", "case.", "POST", of("cases/{ref}/split"), lambda: {"messages": [said("$file")], "author": "ivan"}),
    _rest("cases_move", "case.", "POST", of("cases/{ref}/move"), lambda: {"messages": [said("$answer")], **_other()()}),
    _rest("cases_merge", "case.", "POST", of("cases/{ref}/merge"), lambda: {"into": ref("$acme-open"), "author": "ivan"}),
    _rest("cases_unmerge", "case.", "POST", of("cases/{ref}/unmerge"), {"author": "ivan"}, before=_merged),
    _rest("cases_escalate", "case.", "POST", of("cases/{ref}/escalate"), {"field": "database", "author": "ivan"}),
    _rest("cases_deescalate", "case.", "POST", of("cases/{ref}/deescalate"), {"author": "ivan"}, before=_escalated),
    _rest("cases_link", "case.", "POST", of("cases/{ref}/link"), _other()),
    _rest("cases_unlink", "case.", "POST", of("cases/{ref}/unlink"), _other(), before=_linked),
    _rest("cases_attach", "case.", "POST", of("cases/{ref}/attach"), _other()),
    _rest("cases_detach", "case.", "POST", of("cases/{ref}/detach"), {"author": "ivan"}, before=_attached),
    _rest("cases_answer_all", "message.recorded", "POST", of("cases/{ref}/answer-all", "$acme-open"), {"author": "ivan", "text": "It is mended"}, before=_attached),
    _rest("cases_macro", "message.recorded", "POST", of("cases/{ref}/macro"), {"author": "ivan", "macro": "on_it"}),
    _rest("macros_put", "macro.", "PUT", f"products/{PRODUCT}/macros/hello", _MACRO),
    _rest("macros_delete", "macro.", "DELETE", f"products/{PRODUCT}/macros/hello", before=_macro),
    _rest("cases_undo_triage", "case.", "POST", of("cases/{ref}/undo-triage"), {"author": "ivan"}),
    _rest("cases_call", "case.", "POST", of("cases/{ref}/calls"), {"author": "ivan", "direction": "inbound", "connected": True, "note": "It works"}),
    _rest("questions_answer", "question.answered", "POST", "questions/1/answer", lambda: {"author": "ivan", "case": ref()}, before=world.question),
    _rest("consents_ask", "consent.asked", "POST", "consents", {"kind": "data_change", "workspace": "acme", "words": "Correct it", "author": "ivan"}),
    _rest("consents_withdraw", "consent.withdrawn", "POST", lambda: f"consents/{consent()}/withdraw", {"author": "ivan"}, before=world.ask),
    _rest("consents_identity", "consent.identity", "POST", lambda: f"consents/{consent('two_factor_reset')}/identity", {"method": "call back", "evidence": "contract 7", "author": "ivan"}, before=world.reset),
    _rest("consents_consume", "consent.used", "POST", lambda: f"consents/{consent()}/consume", {"action": CHANGE, "nonce": "a-nonce-of-ours"}, before=world.granted),
    _rest("consents_consume", "consent.dry_run", "POST", lambda: f"consents/{consent()}/consume", {"action": CHANGE, "nonce": "a-nonce-of-ours", "dry_run": True}, before=world.granted, variant="dry run"),
    _rest("consents_result", "consent.done", "POST", lambda: f"consents/{consent()}/result", {"result": "done"}, before=world.used),
    _rest("sla_retarget", "sla.retargeted", "POST", "sla/retarget", {"workspace": "acme", "reason": "A new tier"}, before=world.other_tier),
    _rest("rotas_put", "rota.", "PUT", f"rotas/{PRODUCT}", ROTA),
    _rest("rotas_swap", "rota.", "POST", f"rotas/{PRODUCT}/swaps", {"person": "petya", "reason": "A wedding", "instead_of": "ivan"}, before=world.rota),
    _rest("rotas_end_swap", "rota.", "DELETE", lambda: f"rotas/{PRODUCT}/swaps/{world.swap_number()}", before=world.swap),
    _rest("rotas_make_calendar", "rota.feed_", "POST", f"rotas/{PRODUCT}/calendars", {}, before=world.rota),
    _rest("rotas_revoke_calendar", "rota.feed_", "DELETE", lambda: f"rotas/{PRODUCT}/calendars/{world.calendar_number()}", before=world.calendar),
    _rest("reach_put", "reach.put", "PUT", "staff/ivan/reach", {"ways": [{"way": "pagerduty", "address": "R" * 32}]}),
    _rest("reach_test", "reach.tested", "POST", "staff/ivan/reach/test", before=lambda: rest("PUT", "staff/ivan/reach", {"ways": [{"way": "pagerduty", "address": "R" * 32}]})()),
    _rest("cases_acknowledge", "page.acknowledged", "POST", of("cases/{ref}/acknowledge", "$p0"), {"author": "ivan"}, before=world.p0),
    _rest("misuse_mark", "case.misuse", "POST", of("cases/{ref}/misuse", "$p0"), {"reason": "It was a question", "author": "ivan"}, before=world.p0),
    _rest("misuse_appeal", "case.misuse", "POST", _misused("workspaces/cedar/misuse/{number}/appeal"), {"author": "olga", "text": "It was one"}, before=_mark),
    _rest("misuse_lift", "case.misuse", "POST", _misused("cases/{ref}/misuse/lift"), {"reason": "It was one", "author": "ivan"}, before=_mark),
    _rest("webhooks_put", "webhook.made", "PUT", "webhooks/crm", {"url": "https://hooks.example.org/"}),
    _rest("webhooks_put", "webhook.changed", "PUT", "webhooks/crm", {"url": "https://hooks.example.net/"}, before=world.webhook, variant="changed"),
    _rest("webhooks_delete", "webhook.", "DELETE", "webhooks/crm", before=world.webhook),
    _rest("webhooks_rotate", "webhook.", "POST", "webhooks/crm/rotate", {}, before=world.webhook),
    _rest("webhooks_switch", "webhook.", "POST", "webhooks/crm/switch", {"on": False}, before=world.webhook),
    _rest("webhooks_ping", "webhook.", "POST", "webhooks/crm/ping", before=world.webhook),
    _rest("webhooks_replay", "webhook.replayed", "POST", lambda: f"webhooks/crm/deliveries/{world.delivery()}/replay", before=world.delivered),
]  # fmt: skip
