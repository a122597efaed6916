"""The style guide: every part is documented and shown; and the accents of products."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from roomdesk.runtime import clock
from roomdesk.web.style_samples import samples
from roomdesk.web.styleguide import PARTS, colours, parts

Browser = Callable[[str | None], Client]


def test_every_part_says_what_it_takes_and_has_an_example() -> None:
    found = parts(samples(clock.now()))
    assert [one.name for one in found if not one.doc or not one.examples] == []
    assert samples(clock.now()).keys() == {path.stem for path in PARTS.glob("*.html")}
    assert "--accent" in {name for name, _, _ in colours()}


def test_staff_see_every_part_drawn(browser: Browser) -> None:
    page = browser("lea").get("/styleguide").content.decode()
    for words in ("late by 18 min", "past our aim", "⏸ paused for 2 h", "Internal: restricted", "Say what was done."):
        assert words in page
    assert page.count('<section class="card"') == 3 + len(list(PARTS.glob("*.html")))


def test_a_products_accent_is_a_stylesheet_and_what_is_no_product_is_not_there(browser: Browser) -> None:
    answer = browser(None).get("/brand/power-omni.css")
    assert answer.status_code == 200 and answer["Content-Type"] == "text/css; charset=utf-8"
    assert answer.content.decode().count("--accent: #") == 2
    for product in ("nothing", "%00", "..%2fpower-omni"):
        assert browser(None).get(f"/brand/{product}.css").status_code == 404
