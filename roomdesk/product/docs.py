"""The support pages of a product (`docs/*.md`). They are read as they are and are no part of the pinned policy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from roomdesk.product.problems import Problem, ProductError

HEADING = re.compile(r"^# +(.+?) *$", re.MULTILINE)


@dataclass(frozen=True)
class Page:
    """One page: `name` is its file without `.md` and its address, `title` its first heading, `body` all of it."""

    name: str
    title: str
    body: str


def read_pages(folder: Path) -> tuple[Page, ...]:
    """The pages of the product in `folder`, by name. Raises ProductError with all that is wrong."""
    found = sorted((folder / "docs").glob("*.md"))
    problems = [Problem("docs", "", "There is no page; write at least one docs/….md.")] if not found else []
    read = [_page(path) for path in found]
    problems += [page for page in read if isinstance(page, Problem)]
    if problems:
        raise ProductError(problems)
    return tuple(page for page in read if isinstance(page, Page))


def _page(path: Path) -> Page | Problem:
    file = f"docs/{path.name}"
    try:
        body = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        return Problem(file, "", f"This page is not UTF-8 text, see byte {error.start}.")
    title = HEADING.search(body)
    if title is None:
        return Problem(file, "", 'This page has no title; begin it with "# …".')
    return Page(path.stem, title[1], body)
