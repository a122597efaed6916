"""The colours of the pages can be read in both schemes (WCAG 2.2, 1.4.3 and 1.4.11), those of every product's brand too."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from roomdesk.rules.contrast import Colour, colour_of, contrast
from roomdesk.web.brand import sheet

ROOT = Path(__file__).resolve().parents[2]
TOKENS = ROOT / "roomdesk/web/static/roomdesk/tokens.css"
#: What is written on what.
WRITTEN = (
    ("ink", ("paper", "ground", "staff-ground", "paused-ground")),
    ("quiet", ("paper", "ground", "staff-ground")),
    ("accent", ("paper", "ground", "staff-ground")),
    ("on-accent", ("accent",)),
    ("soon", ("paper", "ground", "soon-ground", "staff-ground")),
    ("late", ("paper", "ground", "late-ground", "staff-ground")),
    ("paused", ("paper", "ground", "paused-ground")),
    ("ok", ("paper", "ground", "ok-ground")),
    ("on-p0", ("p0",)),
    ("on-internal", ("internal",)),
)
#: What is only seen needs 3:1: the ring of focus, the line round what is internal.
SEEN = (("focus", ("paper", "ground")), ("internal-line", ("internal", "paper")))
PRODUCTS = sorted((ROOT / "products").glob("*/product.toml"))


def schemes(text: str) -> dict[str, dict[str, Colour]]:
    light, _, dark = text.partition("@media")
    found = {name: colour_of(value) for name, value in re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", light)}
    other = {name: colour_of(value) for name, value in re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", dark)}
    return {"light": found, "dark": {**found, **other}}


def faint(colours: dict[str, Colour], pairs: tuple[tuple[str, tuple[str, ...]], ...], least: float) -> list[str]:
    return [
        f"{ink} on {ground}: {contrast(colours[ink], colours[ground]):.2f}"
        for ink, grounds in pairs
        for ground in grounds
        if contrast(colours[ink], colours[ground]) < least
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_written_can_be_read(scheme: str) -> None:
    colours = schemes(TOKENS.read_text("utf-8"))[scheme]
    assert faint(colours, WRITTEN, 4.5) == []
    assert faint(colours, SEEN, 3) == []


def test_both_schemes_say_every_colour_but_the_same_grey_twice() -> None:
    light, _, dark = TOKENS.read_text("utf-8").partition("@media")
    names = re.compile(r"--([a-z0-9-]+): #[0-9a-f]{6};")
    assert set(names.findall(light)) == set(names.findall(dark))


@pytest.mark.parametrize("product", [path.parent.name for path in PRODUCTS])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_products_accent_can_be_read(product: str, scheme: str) -> None:
    brand = tomllib.loads((ROOT / "products" / product / "product.toml").read_text("utf-8"))["brand"]
    colours = schemes(TOKENS.read_text("utf-8"))[scheme] | schemes(sheet(brand["accent"]))[scheme]
    assert faint(colours, (("accent", ("paper", "ground", "staff-ground")), ("on-accent", ("accent",))), 4.5) == []


def test_stylesheets_use_the_tokens() -> None:
    """A colour that is written elsewhere has no other scheme and no meaning."""
    folder = TOKENS.parent
    colour = re.compile(r":[^;{}]*(#[0-9a-fA-F]{3,8})\b[^;{}]*[;}]")
    told = {
        path.name: colour.findall(path.read_text("utf-8")) for path in folder.glob("*.css") if path.name != "tokens.css"
    }
    assert {name: found for name, found in told.items() if found} == {}
