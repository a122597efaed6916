"""Examples of every part for the style guide; a new part gets its own here (tests/console/test_styleguide.py asks for it)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from roomdesk.web.console.clock_words import ClockFace

Example = tuple[str, Mapping[str, Any]]
Samples = Mapping[str, Sequence[Example]]


def samples(now: datetime) -> Samples:
    """By the part's name: captions with what the part is given."""
    return {
        "avatar": [("staff", {"name": "Ivan"}), ("a customer, small", {"name": "Olga", "is_other": True, "small": True})],
        "badge": [
            ("P0", {"words": "P0", "tone": "p0"}),
            ("gravest", {"words": "Critical", "tone": "severity rank-0"}),
            ("others", {"words": "Normal", "tone": "severity rank-2"}),
        ],
        "bars": [("with links", {"bars": [("up to 1 h", "100", "14", "#"), ("up to 4 h", "35.7", "5", "")]})],
        "callout": [
            ("refused", {"words": "The text is empty.", "tone": "error", "kept": "Nothing was sent."}),
            ("warning", {"words": "Petya is writing an answer just now.", "tone": "warn"}),
            ("done", {"words": "Three cases were assigned to Ivan.", "tone": "good"}),
            ("internal", {"words": "Staff read this, and nobody else.", "tone": "inside"}),
            ("plain", {"words": "Times are told in Europe/Sofia."}),
        ],
        "clock": [(caption, {"clock": face}) for caption, face in _clocks(now)],
        "course": [("of open cases", {"points": "0,39 50,1 100,20", "most": "at most 12", "first": "1 March: 3", "last": "today: 7"})],
        "empty": [
            (
                "teaches",
                {
                    "head": "Nothing is open.",
                    "words": "A case appears here as soon as a customer writes.",
                    "address": "/console/?view=all",
                    "button": "Show all cases",
                },
            )
        ],
        "facts": [("of a case", {"facts": [("Acme", "", ""), ("Enterprise", "", ""), ("2 min ago", "Friday 08:59 EET", "")]})],
        "field": _fields(),
        "figures": [("with links", {"id": "sample-figures", "caption": "Attainment", "names": 2, **_FIGURES})],
        "internal": [("alone", {}), ("with more", {"words": "restricted"})],
        "pages": [("both", {"label": "Pages", "first": "#", "first_words": "First page", "next": "#", "words": "Further"})],
        "pairs": [("of a case", {"pairs": [("State", "Investigating", ""), ("Workspace", "Acme Trading", "#")]})],
        "person": [
            ("staff", {"name": "Ivan Kolev", "role": "support engineer"}),
            ("a customer", {"name": "Olga Ivanova", "role": "owner", "is_other": True}),
        ],
        "record_search": [
            ("with a hit", {"address": "#", "asked": "orders", "hits": [_HIT], "first": "", "next": ""}),
        ],
        "tabs": [("with counts", {"label": "Which", "tabs": [(True, "Open", "#", 17), (False, "All", "#")]})],
    }  # fmt: skip


_HIT: Mapping[str, Any] = {
    "tone": "customer",
    "author": "Olga Ivanova",
    "address": "#",
    "ref": "BC-1042",
    "time": ("Friday 22:01", "22:01 EET"),
    "parts": [{"text": "Nobody can save "}, {"text": "orders", "match": True}, {"text": "."}],
}
_FIGURES: Mapping[str, Any] = {
    "columns": ["Month", "Product", "Met", "Late"],
    "rows": [[("2026-10", ""), ("Cloud", ""), ("96.4 %", "#"), ("3", "#")]],
}


def _fields() -> list[Example]:
    text = {"name": "fix", "label": "Immediate fix", "kind": "area", "value": "", "hint": "What was done."}
    refused = {**text, "problem": "Say what was done."}
    choice = {"name": "to", "label": "To", "kind": "select", "options": [("1", "Ivan"), ("2", "Petya")], "value": "2"}
    check = {"name": "unknown", "label": "Nobody knows the root cause", "kind": "check", "value": "yes"}
    fields = (("text", text), ("refused", refused), ("choice", choice), ("check", check))
    return [
        (caption, {"id": f"sample-{caption}", "field": field, "kept": "Nothing was changed."})
        for caption, field in fields
    ]


def _clocks(now: datetime) -> list[tuple[str, ClockFace]]:
    """One of each tone. Those that run tick on this page as they do on every other."""
    return [
        ("on track", _face(now, "calm", "due in 3 h", due=timedelta(hours=3), soon=timedelta(hours=2))),
        ("due soon", _face(now, "soon", "due in 42 min", due=timedelta(minutes=42), soon=-timedelta(minutes=3))),
        ("breached", _face(now, "late", "late by 18 min", due=-timedelta(minutes=18), soon=-timedelta(hours=1))),
        ("aim passed", _face(now, "aim", "past our aim", due=-timedelta(days=1), soon=-timedelta(days=2), soft=True)),
        ("paused", _face(now, "paused", "⏸ paused for 2 h")),
        ("met", _face(now, "met", "met in 6 min")),
    ]


def _face(
    now: datetime,
    tone: str,
    words: str,
    *,
    due: timedelta | None = None,
    soon: timedelta | None = None,
    soft: bool = False,
) -> ClockFace:
    return ClockFace(
        id=0,
        name="First response",
        tone=tone,
        words=words,
        due="",
        due_at=now + due if due is not None else None,
        soon_at=now + soon if soon is not None else None,
        is_soft=soft,
        is_running=due is not None,
        is_public=True,
        cycle=1,
    )
