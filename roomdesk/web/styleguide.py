"""The live style guide: every token and every part of `templates/parts/` with what it takes, drawn by the code that draws the pages."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from roomdesk.web.console.guard import Reader, frame, staff_only
from roomdesk.web.style_samples import Samples, samples

PARTS = Path(__file__).parent / "templates" / "parts"
_TOKENS = Path(__file__).parent / "static" / "roomdesk" / "tokens.css"
#: The first line of a part: what it is, and its parameters.
_DOC = re.compile(r"\A\{# (.+?) #\}")
_COLOUR = re.compile(r"(--[a-z0-9-]+): (#[0-9a-f]{6});")


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its name, what its first line says of it, and examples (caption, drawn)."""

    name: str
    doc: str
    examples: Sequence[tuple[str, SafeString]]


@require_safe
@staff_only
def styleguide(request: HttpRequest, reader: Reader) -> HttpResponse:
    """For staff; a part without an example is told as such."""
    context = {**frame(reader), "parts": parts(samples(reader.now)), "colours": colours()}
    return render(request, "styleguide.html", context)


def parts(examples: Samples) -> list[Part]:
    """Every part by name, drawn."""
    return [_part(path, examples.get(path.stem, ())) for path in sorted(PARTS.glob("*.html"))]


def _part(path: Path, examples: Sequence[tuple[str, Mapping[str, Any]]]) -> Part:
    found = _DOC.match(path.read_text("utf-8"))
    drawn = [(caption, render_to_string(f"parts/{path.name}", dict(context))) for caption, context in examples]
    return Part(path.stem, found[1] if found else "", drawn)


def colours() -> list[tuple[str, str, str]]:
    """Name, colour in the light scheme and in the dark one."""
    light, _, dark = _TOKENS.read_text("utf-8").partition("@media")
    other = dict(_COLOUR.findall(dark))
    return [(name, value, other.get(name, value)) for name, value in _COLOUR.findall(light)]
