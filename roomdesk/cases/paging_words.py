"""What a page says to whoever is woken, asked when it is sent: one message with customer, tier, their words, and where to go (R37, D22)."""

from __future__ import annotations

from roomdesk.bootstrap import settings
from roomdesk.cases.models import Case
from roomdesk.channels.pagerduty.event import Trigger
from roomdesk.directory.queries import terms_at
from roomdesk.oncall.models import Page
from roomdesk.product.queries import newest, product_of
from roomdesk.record.models import Message
from roomdesk.rules.paging import excerpt
from roomdesk.runtime import clock

_DRILL = "Drill: nothing is wrong. Acknowledge it as you would in earnest."


def shown(page: Page) -> Trigger:
    """The event. Of a restricted case only its reference; of no case anything that looks like a secret."""
    case = Case.objects.filter(pk=page.case_id).first() if page.case_id else None
    words = "" if case is None or case.is_restricted else _words(case)
    customer = page.workspace.display_name if page.workspace else ""
    head = " · ".join(filter(None, [_cause(page), page.ref, customer, _tier(page)]))
    url = f"{(settings.public_url or '').rstrip('/')}/console/{f'cases/{page.ref}' if page.ref else ''}"
    details = {
        "customer": customer,
        "tier": _tier(page),
        "case": page.ref,
        "kind": case.kind if case and not case.is_restricted else "",
        "words": words,
        "roomdesk_page": page.key,
    }
    return Trigger(
        summary=f"{head}: {words}" if words else head,
        source=settings.matrix_server_name,
        severity=page.severity,
        at=clock.to_outside(page.opened_at),
        component=page.product,
        group=page.workspace.slug if page.workspace else "drill",
        kind=page.cause,
        details={name: value for name, value in details.items() if value},
        url=url,
        links=[(url, f"Open {page.ref}" if page.ref else "Open the console"), *_runbook(page)],
    )


def _runbook(page: Page) -> list[tuple[str, str]]:
    version = newest([page.product]).get(page.product)
    where = product_of(version.pk).oncall.runbook if version else None
    return [(where, "Runbook")] if where else []


def _cause(page: Page) -> str:
    return {"p0": "P0", "staff": "Critical", "drill": _DRILL}[page.cause]


def _tier(page: Page) -> str:
    if page.workspace is None:
        return ""
    terms = terms_at([page.workspace.pk], page.opened_at).get(page.workspace.pk)
    version = newest([page.product]).get(page.product)
    if terms is None or version is None:
        return ""
    tier = product_of(version.pk).tiers.get(terms.tier)
    return tier.name if tier else terms.tier


def _words(case: Case) -> str:
    """The customer's first message as it reads now: what was taken back since is not told."""
    said = Message.objects.filter(case=case, workspace_id=case.workspace_id, author_kind="customer", redacted_at=None)
    body = said.order_by("at", "id").values_list("body", flat=True).first()
    return excerpt(body or "")
