"""Questions of the kind "what would be promised": checked against the newest version of a product."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from roomdesk.clocks.explain import Case, simulate
from roomdesk.directory.errors import Invalid
from roomdesk.product import services as products
from roomdesk.product.problems import listed


def do_simulate(
    *, product: str, tier: str, severity: str, kind: str = "other", addons: Collection[str] = (), at: datetime
) -> dict[str, Any]:
    """All clocks of a case opened at `at`. NotFound for an unknown product, Invalid for what the product does not have."""
    version = products.current(product)
    content = products.product_of(version)
    _check("tier", tier, content.tiers)
    _check("severity", severity, content.severity_slugs)
    _check("kind", kind, content.kinds)
    for addon in addons:
        _check("addon", addon, content.addons)
    case = Case(version, tier, tuple(sorted(addons)), kind, severity)
    return {**case.as_json(), "at": at, "clocks": simulate(case, at)}


def _check(field: str, given: str, known: Collection[str]) -> None:
    if given not in known:
        raise Invalid(f'There is no {field} "{given}" in this product; it has {listed(known)}.', field=field)
