"""Two small products, made by hand: tests of the directory must not depend on the texts of those that ship."""

from __future__ import annotations

from typing import Any

from roomdesk.product.canonical import from_json
from roomdesk.product.schema import Product

_WEEK = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


def product(slug: str = "cloud", **changes: Any) -> Product:
    """A product with tiers basic, pro and enterprise, and the add-ons night (not for basic) and import."""
    plain: dict[str, Any] = {
        "slug": slug,
        "name": slug.capitalize(),
        "ref_prefix": slug[:2].upper(),
        "room": True,
        "locales": ["en", "bg"],
        "default_locale": "bg",
        "brand": {"accent": "#225588", "logo_text": slug, "vendor": "Vendor"},
        "contact": {"support": "s@v.test", "security": "s@v.test", "legal": "l@v.test", "billing_menu": "Billing"},
        "tiers": [
            {"slug": tier, "name": tier.title(), "channels": ["matrix"]} for tier in ("basic", "pro", "enterprise")
        ],
        "addons": [
            {"slug": "night", "name": "Night", "tiers": ["pro", "enterprise"]},
            {"slug": "import", "name": "Import", "tiers": ["basic", "pro", "enterprise"]},
        ],
        "backup": [],
        "states": [
            {"slug": state, "intake": True, "clocks": True, "paging": True, "room": "open"}
            for state in ("trial", "active", "suspended", "cancelled")
        ],
        "specialists": ["database"],
        "plans": {"currency": "EUR", "terms": "2026-01", "prices": []},
        "default_severity": "normal",
        "severities": [{"slug": "critical"}, {"slug": "normal"}],
        "targets": [{"clock": "first_response", "calendar": "office", "target": {"kind": "elapsed", "amount": 8}}],
        "cover": [{"action": "answer"}],
        "oncall": {"office_calendar": "office"},
        "consent": [],
        "restore": {"current_needs": "restore"},
        "kinds": [{"slug": "incident"}],
        "answers": [],
        "security": {"mode": "mention"},
        "checklist": {"items": ["where"]},
        "grouping": {"small_talk": {"en": ["thanks"]}},
        "triage": {},
        "texts": {"en": {"hello": "Hello"}, "bg": {"hello": "Здравейте"}},
        "calendars": {"office": {"timezone": "Europe/Sofia", "week": _WEEK}},
    }
    return from_json({**plain, **changes})
