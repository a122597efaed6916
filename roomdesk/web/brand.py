"""A product's accent as a stylesheet: its own colour where it can be read in both schemes, else the nearest one that can."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from roomdesk.product.queries import newest, product_of
from roomdesk.rules.contrast import WHITE, Colour, colour_of, contrast, readable, text_of

#: Paper, ground and the staff's ground of each scheme, as tokens.css has them, and what is written on a button.
_LIGHT: tuple[Colour, ...] = ((0xFF, 0xFF, 0xFF), (0xF4, 0xF5, 0xF7), (0xEE, 0xF4, 0xFB))
_DARK: tuple[Colour, ...] = ((0x1B, 0x21, 0x29), (0x12, 0x16, 0x1C), (0x1D, 0x2A, 0x39))
_INK: Colour = (0x10, 0x18, 0x22)


@require_safe
@cache_control(public=True, max_age=3600)
def brand(request: HttpRequest, product: str) -> HttpResponse:
    """The stylesheet. It says nothing but a colour, so that no sign-in is asked for."""
    found = newest([product]) if "\0" not in product else {}
    if product not in found:
        raise Http404
    return HttpResponse(sheet(product_of(found[product].pk).brand.accent), content_type="text/css; charset=utf-8")


def sheet(accent: str) -> str:
    """Accent and what is written on it, for both schemes."""
    light, dark = (readable(colour_of(accent), *grounds) for grounds in (_LIGHT, _DARK))
    return f":root {{ {_tokens(light)} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {_tokens(dark)} }} }}\n"


def _tokens(accent: Colour) -> str:
    on = max((WHITE, _INK), key=lambda ink: contrast(ink, accent))
    return f"--accent: {text_of(accent)}; --on-accent: {text_of(on)};"
