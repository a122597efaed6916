"""How a page is held against WCAG 2.2 AA: axe-core in both colour schemes, a telephone's width and 200 %, and nothing that moves for whoever wants no motion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

#: Rules of WCAG 2.2 at the levels A and AA, and axe's own best practices.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
#: What another scheme and another width can change; everything else is as it was.
LOOKS = {"type": "rule", "values": ["color-contrast", "target-size"]}
#: What is folded away is looked at too; what hangs over the page, like the menu of a person, stays closed.
_UNFOLD = "document.querySelectorAll('main details:not([name])').forEach(one => { one.open = true; })"
_MOVING = """[...document.querySelectorAll("*")].filter(one => {
  const style = getComputedStyle(one);
  const long = style.transitionDuration.split(", ").some(time => parseFloat(time) > 0);
  return style.animationName !== "none" || long && style.transitionProperty !== "none" || style.scrollBehavior === "smooth";
}).map(one => one.outerHTML.slice(0, 120))"""
#: What sticks out, to be told with the width.
_WIDE = """width => [...document.querySelectorAll("body *")].filter(one => one.getBoundingClientRect().right > width + 1)
  .map(one => one.outerHTML.slice(0, 120)).slice(0, 3)"""


def faults_of(page: Page, name: str) -> list[str]:
    """What is wrong with the page that is open, each beginning with the page's name; opened with `reduced_motion`. Its width is 1280 afterwards."""
    page.evaluate(_UNFOLD)
    found = [f"{name} moves: {one}" for one in page.evaluate(_MOVING)]
    page.evaluate(AXE_SCRIPT)
    found += [f"{name} (light): {one}" for one in _violations(page, {"type": "tag", "values": RULES})]
    page.emulate_media(color_scheme="dark")
    found += [f"{name} (dark): {one}" for one in _violations(page, LOOKS)]
    found += too_wide(page, name)
    found += [f"{name} (dark, 320): {one}" for one in _violations(page, LOOKS)]
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 800})
    return found


def too_wide(page: Page, name: str) -> list[str]:
    """Where it scrolls sideways; 320 pixels wide afterwards."""
    found = []
    # 1280 pixels at 200 % are 640, and at 400 % a telephone's 320.
    for width in (640, 320):
        page.set_viewport_size({"width": width, "height": 512})
        if (wide := page.evaluate("document.documentElement.scrollWidth")) > width:
            found.append(f"{name} is {wide} wide at {width}: {page.evaluate(_WIDE, width)}")
    return found


def _violations(page: Page, run_only: dict[str, Any]) -> Iterator[str]:
    options = {"runOnly": run_only, "resultTypes": ["violations"]}
    for fault in page.evaluate("options => axe.run(options).then(results => results.violations)", options):
        for node in fault["nodes"]:
            yield f"{fault['id']}: {node['failureSummary']}: {node['html'][:200]}"
