"""What others wrote is text on every page: a corpus of attempts, through names, messages, files, cases and a product's texts (ASVS 5.3).

Looked at in Chromium: nothing of it runs, becomes an element, or is as much as refused by the content security policy, which would
say that it had got into the page.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.acceptance.browsing import Signed, address
from tests.harness.live import ROOT, Live, eventually
from tests.harness.scene import Scene, workspace

SLUG, PRODUCT = "hostile", "hostile"
#: After OWASP's cheat sheet: elements, attributes, ends of what they may stand in, addresses, templates.
CORPUS = (
    "<script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=2 data-pwned>",
    '"><svg/onload=window.pwned=3 data-pwned>',
    "' autofocus onfocus=window.pwned=4 data-pwned='",
    "</textarea><script>window.pwned=5</script>",
    "</title><iframe srcdoc='<script>parent.pwned=6</script>' data-pwned></iframe>",
    "<a href=javascript:window.pwned=7 data-pwned>press</a>",
    "javascript:window.pwned=8",
    "<style data-pwned>*{display:none}</style>",
    "{{ 7|add:7 }}{% now 'Y' %}<b data-pwned>bold</b>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=window.pwned=9 data-pwned>",
    "&lt;img src=x onerror=window.pwned=10&gt;\u202e<p data-pwned>",
)
#: The same in one piece, with what else HTML of a client and Markdown can try (`window.hit`).
TOGETHER = (ROOT / "tests" / "data" / "xss.txt").read_text("utf-8")
#: For where no double quote fits.
TEXT = "<img src=x onerror=window.pwned=11 data-pwned>"


@pytest.fixture(scope="module")
def scene(live: Live, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """A workspace of a product whose texts, names, people, messages and files are all attempts."""
    live.run("product", "load", str(_product(tmp_path_factory.mktemp("products"))))
    made = workspace(live, SLUG, product=PRODUCT, tier="enterprise")
    body = {"product": PRODUCT, "tier": "enterprise", "display_name": f"{CORPUS[1]} {CORPUS[3]}"[:200]}
    assert live.rest("PUT", f"workspaces/{SLUG}", json=body).status_code == 200
    for number, name in enumerate(CORPUS):
        member = {"name": name[:200], "email": f"m{number}@{SLUG}.test", "role": "admin"}
        assert live.rest("PUT", f"workspaces/{SLUG}/members/m{number}-{SLUG}", json=member).status_code == 201
    phone = made.client(made.owner)
    for attempt in (*CORPUS, TOGETHER):
        phone.send(
            made.room,
            "m.room.message",
            {"msgtype": "m.text", "body": attempt, "format": "org.matrix.custom.html", "formatted_body": attempt},
        )
    for attempt in CORPUS[:4]:
        event = phone.say(made.room, f"With a reaction {attempt}")
        phone.send(
            made.room,
            "m.reaction",
            {"m.relates_to": {"rel_type": "m.annotation", "event_id": event, "key": attempt[:40]}},
        )
        upload = phone.call("POST", "/_matrix/media/v3/upload", content=attempt.encode()).json()["content_uri"]
        phone.send(
            made.room,
            "m.room.message",
            {"msgtype": "m.file", "body": f"{attempt}.html", "url": upload, "info": {"mimetype": "text/html"}},
        )
    for attempt in CORPUS:
        live.rest("POST", "cases", json={"workspace": SLUG, "author": made.owner, "text": f"{attempt}\nand more"})
    eventually(lambda: len(made.cases()) >= len(CORPUS), "the cases")
    asked = {"workspace": SLUG, "kind": "restore", "words": f"Restore {TEXT}", "target": "current"}
    assert live.rest("POST", "consents", json=asked).status_code == 201
    return made


def _product(folder: Path) -> Path:
    """A shipped product with an attempt in every text of its own."""
    place = folder / PRODUCT
    shutil.copytree(ROOT / "products" / "bos", place)
    for texts in place.glob("texts.*.toml"):
        lines = [
            line if line.startswith('name = "#') else re.sub(r'^(\w[\w.]* = ".*)"$', rf'\1 {TEXT}"', line)
            for line in texts.read_text().splitlines()
        ]
        texts.write_text("\n".join(lines) + "\n")
    written = (place / "product.toml").read_text()
    for old, new in (
        ('slug = "bos"\nname = "BOS"\nref_prefix = "BOS"', f'slug = "{PRODUCT}"\nname = "{TEXT}"\nref_prefix = "HX"'),
        ('logo_text = "BOS"', f'logo_text = "{TEXT}"'),
        ('name = "Enterprise"', f'name = "Enterprise {TEXT}"'),
    ):
        assert old in written
        written = written.replace(old, new, 1)
    (place / "product.toml").write_text(written)
    return place


def addresses(scene: Scene) -> dict[str, list[str]]:
    refs = [case["ref"] for case in scene.cases()][:6]
    return {
        scene.owner: [
            *(
                f"/portal/{SLUG}/{page}"
                for page in ("", "cases", "cases?view=all", "new", "team", "files", "consents", "search?q=pwned", "p0")
            ),
            *(f"/portal/{SLUG}/cases/{ref}" for ref in refs),
            f"/chat/{SLUG}",
            f"/chat/{SLUG}/search?q=pwned",
            f"/chat/{SLUG}/search?q=" + CORPUS[2].replace("#", "%23"),
            "/chat/?after=a",
            "/portal/",
        ],
        scene.engineer: [
            *(
                f"/console/{page}"
                for page in (
                    "",
                    "?view=all",
                    "attention",
                    "search?q=pwned",
                    "oncall",
                    "consents",
                    "rooms",
                    f"rooms/of/{SLUG}",
                    "macros",
                )
            ),
            *(f"/console/cases/{ref}" for ref in refs),
            "/console/?" + "workspace=" + CORPUS[2].replace("#", "%23"),
            f"/chat/{SLUG}",
        ],
    }


def test_nothing_of_it_runs_or_becomes_an_element_anywhere(live: Live, signed_in: Signed, scene: Scene) -> None:
    found: list[str] = []
    seen = 0
    for person, paths in addresses(scene).items():
        page = signed_in(person, "/")
        _watch(page, found)
        for path in paths:
            page.goto(f"{address(live)}{path}")
            found += [f"{path}: {one}" for one in _broken(page)]
            seen += page.content().count("pwned")
    assert found == []
    # The attempts were there, as text.
    assert seen > 150


def _watch(page: Page, found: list[str]) -> None:
    """What the policy refused, and whatever asks the reader something."""

    def told(message: Any) -> None:
        if "Content Security Policy" in message.text:
            found.append(f"{message.text} at {message.location['url']}")

    def asked(dialog: Any) -> None:
        found.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    page.on("console", told)
    page.on("dialog", asked)


def _broken(page: Page) -> list[str]:
    ran: Any = page.evaluate("window.pwned ?? window.hit ?? null")
    made = page.eval_on_selector_all(
        "[data-pwned], [onerror], [onload], [onfocus], a[href^='javascript:' i], iframe, object, embed, base",
        "all => all.map(one => one.outerHTML)",
    )
    return [*([f"ran {ran}"] if ran is not None else []), *made]


def test_files_are_saved_and_run_nothing(live: Live, signed_in: Signed, scene: Scene) -> None:
    page = signed_in(scene.owner, f"/portal/{SLUG}/files")
    links = page.locator(".file a")
    eventually(lambda: links.count() or (page.reload() and None), "a file that is kept")
    answer = page.request.get(f"{address(live)}{links.first.get_attribute('href')}")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["content-security-policy"]
