"""What a page says to whoever is woken, asked when it is sent: one message with customer, tier, their words, and where to go (R37, D22)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from roomdesk.bootstrap import settings
from roomdesk.channels.pagerduty.event import Trigger
from roomdesk.oncall.models import Page
from roomdesk.product.queries import product_of
from roomdesk.product.schema import Product
from roomdesk.rules.paging import excerpt
from roomdesk.runtime import clock

_DRILL = "Drill: nothing is wrong. Acknowledge it as you would in earnest."


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is told of a page: nothing of a restricted case, nor of one that is not there yet. `words` are the customer's first
    message as it reads now; what was taken back since is not among them."""

    product: Product | None
    tier: str
    kind: str
    words: str


def _facts(page: Page) -> _Facts:
    """One question: whoever is to be woken waits for it."""
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, [page.product, page.workspace_id, page.opened_at, page.opened_at, page.case_id])
        version, tier, kind, words, is_told = cursor.fetchone()
    product = product_of(version) if version else None
    told = (kind or "", excerpt(words or "")) if is_told else ("", "")
    return _Facts(product, _named(product, tier), *told)


def _named(product: Product | None, tier: str | None) -> str:
    if product is None or tier is None:
        return ""
    return product.tiers[tier].name if tier in product.tiers else tier


_FACTS = """
SELECT (SELECT v.id FROM product_productversion v WHERE v.slug = %s ORDER BY v.number DESC LIMIT 1),
       (SELECT t.tier FROM directory_workspaceterms t
        WHERE t.workspace_id = %s AND t.valid_from <= %s AND (t.valid_to IS NULL OR t.valid_to > %s) LIMIT 1),
       c.kind,
       (SELECT m.body FROM record_message m
        WHERE m.case_id = c.id AND m.workspace_id = c.workspace_id AND m.author_kind = 'customer' AND m.redacted_at IS NULL
        ORDER BY m.at, m.id LIMIT 1),
       c.id IS NOT NULL AND NOT c.is_restricted
FROM (SELECT 1) AS one LEFT JOIN cases_case c ON c.id = %s
"""


def shown(page: Page) -> Trigger:
    """The event. Of a restricted case only its reference; of no case anything that looks like a secret."""
    facts, customer = _facts(page), page.workspace.display_name if page.workspace else ""
    words = facts.words
    head = " · ".join(filter(None, [_cause(page), page.ref, customer, facts.tier]))
    url = f"{(settings.public_url or '').rstrip('/')}/console/{f'cases/{page.ref}' if page.ref else ''}"
    details = {
        "customer": customer,
        "tier": facts.tier,
        "case": page.ref,
        "kind": facts.kind,
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
        links=[(url, f"Open {page.ref}" if page.ref else "Open the console"), *_runbook(facts.product)],
    )


def _runbook(product: Product | None) -> list[tuple[str, str]]:
    where = product.oncall.runbook if product else None
    return [(where, "Runbook")] if where else []


def _cause(page: Page) -> str:
    return {"p0": "P0", "staff": "Critical", "drill": _DRILL}[page.cause]
