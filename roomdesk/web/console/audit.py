"""The page Audit: who did what, chain by chain, and whether a chain is whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from roomdesk.audit import reading
from roomdesk.audit.reading import Shown, Wanted
from roomdesk.audit.verify import verify
from roomdesk.audit.work import VENDOR
from roomdesk.cases.models import Case
from roomdesk.directory.models import StaffRole
from roomdesk.directory.queries import access_workspace, workspaces_of
from roomdesk.directory.services.intervals import valid_at
from roomdesk.refusals import Forbidden
from roomdesk.web.console.clock_words import moment
from roomdesk.web.console.guard import Reader, frame, staff_only
from roomdesk.web.console.own import own_products, zone_of
from roomdesk.web.live.scopes import UNTOLD

#: Longer chains are walked by the command line, which takes as long as it takes.
LONGEST = 20_000
#: Chains that the form offers.
OFFERED = 200
_READERS = (StaffRole.Role.AUDITOR, StaffRole.Role.ADMINISTRATOR, StaffRole.Role.SECURITY)
_SCOPE = "workspace:"


@require_safe
@staff_only
def audit(request: HttpRequest, reader: Reader) -> HttpResponse:
    """A page of a chain; `?verify=yes` walks the whole of it."""
    products = _products(reader)
    given = {
        name: request.GET.get(name, "").replace("\0", "").strip()[:300]
        for name in ("scope", "action", "actor", "subject")
    }
    wanted = Wanted(**{**given, "scope": _scope(reader, products, given["scope"])})
    before = request.GET.get("before", "")
    page = reading.page(wanted, int(before) if before.isascii() and before.isdecimal() and len(before) < 19 else 0)
    query = {name: value for name, value in given.items() if value}
    address = reverse("console:audit")
    context = {
        **frame(reader, UNTOLD),
        "wanted": wanted,
        "page": page,
        "scopes": _scopes(reader, products),
        "rows": _rows(page.items, reader, _zone(reader, wanted.scope)),
        "columns": [_("No."), _("When"), _("Who"), _("What"), _("About"), _("With")],
        "verdict": _verdict(request, page),
        "longest": LONGEST,
        "verify": f"{address}?{urlencode({**query, 'verify': 'yes'})}",
        "next": f"{address}?{urlencode({**query, 'before': page.next})}" if page.next else "",
        "first": f"{address}?{urlencode(query)}" if before else "",
    }
    return render(request, "console/audit.html", context)


def _products(reader: Reader) -> set[str]:
    """Whose chains the reader may read (empty text: all, and the vendor's own): auditors, administrators and the security role."""
    rows = StaffRole.objects.filter(valid_at(reader.now), person=reader.person, role__in=_READERS)
    found = set(rows.values_list("product", flat=True))
    if not found:
        raise Forbidden(
            _(
                "The audit is for auditors, administrators and the security role. What happened in a case stands in the case."
            )
        )
    return found


def _scope(reader: Reader, products: set[str], given: str) -> str:
    """The chain that is asked for, if it is the reader's; without a word the vendor's, or the first workspace's."""
    if not given:
        return VENDOR if "" in products else next((scope for scope, _ in _scopes(reader, products)), "")
    if given == VENDOR:
        if "" not in products:
            raise Forbidden(_("The vendor’s own chain is for those who audit all products."))
        return VENDOR
    workspace = access_workspace(given.removeprefix(_SCOPE), reader.viewer)
    if not {"", workspace.product} & products:
        raise Forbidden(_("You audit other products than this workspace’s."))
    return f"{_SCOPE}{workspace.slug}"


def _scopes(reader: Reader, products: set[str]) -> list[tuple[str, str]]:
    rows = workspaces_of(reader.viewer)
    rows = rows if "" in products else rows.filter(product__in=products)
    named = [(f"{_SCOPE}{slug}", name or slug) for slug, name in rows.values_list("slug", "display_name")[:OFFERED]]
    return [*([(VENDOR, _("The vendor’s own"))] if "" in products else []), *named]


def _zone(reader: Reader, scope: str) -> str:
    """The zone of the chain's office; what is of the whole vendor is told in that which all offices share."""
    whose = workspaces_of(reader.viewer).filter(slug=scope.removeprefix(_SCOPE)) if scope.startswith(_SCOPE) else None
    product = whose.values_list("product", flat=True).first() if whose is not None else None
    return zone_of(product or "", own_products(reader))


def _rows(items: Sequence[Shown], reader: Reader, zone: str) -> list[list[tuple[str, str]]]:
    """What is said of a restricted case stays with the security role (D22). One query, where cases are spoken of."""
    refs = {one.entry.subject.partition(":")[2] for one in items if one.entry.subject.startswith("case:")}
    cases = Case.objects.filter(ref__in=refs, is_restricted=True).select_related("workspace") if refs else ()
    hidden = {f"case:{case.ref}" for case in cases if not reader.may_read(case)}
    return [_row(one, reader, zone, is_hidden=one.entry.subject in hidden) for one in items]


def _row(one: Shown, reader: Reader, zone: str, *, is_hidden: bool) -> list[tuple[str, str]]:
    entry = one.entry
    told = _("erased; the chain still proves that it was there") if one.content is None else _words(one.content)
    told = _("of a restricted case") if is_hidden else told
    who = entry.actor if entry.actor == entry.actor_kind else f"{entry.actor_kind} {entry.actor}"
    facts = (str(entry.seq), moment(entry.at, zone, reader.now), who, entry.action, entry.subject, told)
    return [(fact, "") for fact in facts]


def _words(content: dict[str, Any]) -> str:
    """Short: what is long (texts, hashes) is in the export."""
    said = _said(content)
    return said if len(said) <= 200 else f"{said[:200]}…"


def _said(value: Any) -> str:
    """What was noted, without the marks of programs; what is empty is left out."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dict):
        return ", ".join(f"{name} {_said(one)}" for name, one in value.items() if one not in (None, "", [], {}))
    return ", ".join(map(_said, value)) if isinstance(value, list) else str(value)


def _verdict(request: HttpRequest, page: reading.Page) -> tuple[str, str] | None:
    """Tone and words of a walk that was asked for."""
    if request.GET.get("verify") != "yes" or page.head is None or page.head.seq > LONGEST:
        return None
    found = verify(page.head.scope)
    if found.fault is None:
        named = {"entries": found.entries, "erased": found.erased, "head": found.head}
        if found.erased:
            words = _("All %(entries)s entries are in order, %(erased)s of them erased. The head is %(head)s.")
            return "good", words % named
        return "good", _("All %(entries)s entries are in order. The head is %(head)s.") % named
    return "error", _("Number %(seq)s: %(reason)s") % {"seq": found.fault.seq, "reason": found.fault.reason}
