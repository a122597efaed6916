"""The support page: the way into the room, who is there, what to expect, what is open (R07, R10, R17)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from roomdesk.cases import for_customers, room_reading
from roomdesk.clocks.promised import Promised, promised
from roomdesk.consent import on_the_page
from roomdesk.directory.customers import customers_of, newest_request
from roomdesk.directory.models import Person, WorkspaceTerms
from roomdesk.directory.queries import terms_now
from roomdesk.oncall import rotas
from roomdesk.oncall.misuse import has_any
from roomdesk.product.formatting import format_measure
from roomdesk.rooms.inside import Inside, address_of, people_inside, room_of
from roomdesk.runtime import clock
from roomdesk.web.portal.guard import Visitor, customer_only, frame
from roomdesk.web.portal.rows import rows_of
from roomdesk.web.portal.words import CLOCKS, Words, role_words, told_at


@require_safe
@login_required
@never_cache
def index(request: HttpRequest) -> HttpResponseBase:
    """Leads to the person's workspace; lists them where there are several, and says so where there is none."""
    person, now = request.user, clock.now()
    assert isinstance(person, Person)
    found = customers_of(person, now)
    if len(found) == 1:
        return HttpResponseRedirect(reverse("portal:support", args=[found[0].workspace.slug]))
    language = person.locale if translation.check_for_language(person.locale or "en") else "en"
    with translation.override(language or "en"):
        return render(request, "portal/index.html", {"customers": found, "now": now})


@require_safe
@customer_only
def support(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """All that somebody needs who opens it twice a year, worried."""
    workspace = visitor.customer.workspace
    room = room_of(workspace) if visitor.product.room else None
    terms = terms_now(workspace)
    checklist = [visitor.text(f"checklist.item.{item}") for item in visitor.product.checklist.items]
    inside = people_inside(workspace, room, visitor.now) if room and room.room_id else []
    on_call = {person.pk for person in rotas.people(rotas.on_call(workspace.product, visitor.now) or ())}
    context = {
        **frame(visitor),
        "is_support": True,
        "address": address_of(workspace, visitor.product, room) if visitor.product.room else "",
        "is_ready": room is not None and bool(room.room_id),
        "inside": [(one, role_words(one.role, is_staff=one.is_staff), one.person.pk in on_call) for one in inside],
        "unread": room_reading.unread_in(visitor.person, [workspace])[workspace.pk]
        if room and visitor.customer.may_read
        else 0,
        "is_inside": _is_inside(inside, visitor),
        "tier": visitor.product.tiers[terms.tier].name if terms.tier in visitor.product.tiers else terms.tier,
        "state": visitor.text(f"state.{terms.state}"),
        "promises": list(_promises(visitor, terms)),
        "checklist": checklist,
        "template": "\n".join(f"{item.partition(':')[0].partition(',')[0]}: " for item in checklist),
        "elsewhere": list(_elsewhere(visitor)),
        "backup": list(_backup(visitor, terms.tier)),
        "has_misuse": visitor.customer.may_read and has_any(workspace),
        "asked": None if visitor.customer.may_read else newest_request(visitor.customer),
        "questions": on_the_page.open_for(visitor.customer, visitor.now),
        **_open(visitor),
    }
    return render(request, "portal/support.html", context)


def _is_inside(inside: Iterable[Inside], visitor: Visitor) -> bool:
    return any(one.person.pk == visitor.person.pk for one in inside)


def _open(visitor: Visitor) -> dict[str, Any]:
    """The open requests; whoever has no access to the room sees none (R08)."""
    if not visitor.customer.may_read:
        return {"rows": []}
    return {"rows": rows_of(for_customers.open_cases(visitor.customer.viewer, visitor.customer.workspace), visitor)}


@dataclass(frozen=True, slots=True)
class Expect:
    """What to expect for one severity: each promise in words, and until when it would be kept if asked now."""

    name: str
    definition: str
    lines: list[tuple[Words, str, str, str]]


def _promises(visitor: Visitor, terms: WorkspaceTerms) -> Iterable[Expect]:
    found: dict[str, list[tuple[Words, str, str, str]]] = {}
    for one in promised(visitor.version.pk, terms.tier, terms.addons, visitor.now):
        found.setdefault(one.severity, []).append(_promise(one, visitor))
    for severity, lines in found.items():
        yield Expect(visitor.text(f"severity.{severity}.name"), visitor.text(f"severity.{severity}.definition"), lines)


def _promise(one: Promised, visitor: Visitor) -> tuple[Words, str, str, str]:
    due, title = told_at(one.due_at, visitor) if one.due_at else ("", "")
    return CLOCKS[one.clock], format_measure(one.measure, visitor.locale), due, title


def _elsewhere(visitor: Visitor) -> Iterable[tuple[str, str, str]]:
    """When to use something else: what it is about, the words, and a mail address where it is one."""
    contact, kinds = visitor.product.contact, visitor.product.kinds
    places = (("billing_document", contact.billing_menu, ""), ("legal", contact.legal, contact.legal))
    for kind, words, mail in (*places, ("security", contact.security, contact.security)):
        if kind in kinds:
            yield visitor.text(f"kind.{kind}"), words, mail


#: What a way to us is called where the product's words are all that there is to say of it.
_WAYS: dict[str, Words] = {
    "email": _("Email"),
    "phone": _("Phone"),
    "whatsapp": "WhatsApp",
    "form": _("Form"),
}


def _backup(visitor: Visitor, tier: str) -> Iterable[tuple[Words, str]]:
    """Ways to us when the room is down: only those of this tier. Each with its address, or with words that say where it stands."""
    for one in visitor.product.backup:
        if not one.tiers or tier in one.tiers:
            words = visitor.text(f"backup.{one.slug}")
            yield (words, one.address) if one.address else (_WAYS.get(one.channel, one.channel), words)
