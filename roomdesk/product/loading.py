"""From a folder of files to a Product, or to every problem that stands in the way.

Two passes: first each file for itself (syntax, keys, types), then, when all files have the right form, the sense of
the whole (references, tables without holes, translations). Each pass reports all that it finds.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from roomdesk.product.docs import read_pages
from roomdesk.product.fields import Part
from roomdesk.product.identity import Identity
from roomdesk.product.policy import Policy
from roomdesk.product.problems import Problem, ProductError, listed, problems_of
from roomdesk.product.references import check_product
from roomdesk.product.requests import Requests, Triage
from roomdesk.product.schema import Product
from roomdesk.product.texts import flatten

FILES: dict[str, type[Part]] = {
    "product.toml": Identity,
    "policy.toml": Policy,
    "requests.toml": Requests,
    "triage.toml": Triage,
}


def read_product(folder: Path) -> Product:
    """The product in `folder`. Raises ProductError with every problem of the pass that failed."""
    problems: list[Problem] = []
    parts = {name: _read_part(folder, name, model, problems) for name, model in FILES.items()}
    texts = _read_all_texts(folder, parts["product.toml"], problems)
    problems += _page_problems(folder)
    if problems:
        raise ProductError(problems)
    product = _assembled(parts, texts)
    problems = [*_folder_problems(folder, product), *check_product(product)]
    if problems:
        raise ProductError(problems)
    return product


def check_folder(root: Path) -> list[Product]:
    """All products in the folders of `root`, by slug. Raises ProductError with the problems of all of them."""
    folders = sorted(path.parent for path in root.glob("*/product.toml"))
    problems = [] if folders else [Problem(str(root), "", "There is no product here: no folder has a product.toml.")]
    products: list[Product] = []
    for folder in folders:
        try:
            products.append(read_product(folder))
        except ProductError as error:
            problems += [Problem(f"{folder.name}/{p.file}", p.key, p.reason) for p in error.problems]
    problems += _shared_prefixes(products)
    if problems:
        raise ProductError(problems)
    return products


def _read_part(folder: Path, name: str, model: type[Part], problems: list[Problem]) -> Any:
    """The file as its model, or None and the problems noted."""
    table = _read_toml(folder / name, problems)
    if table is None:
        return None
    try:
        return model.model_validate(table)
    except ValidationError as error:
        problems += problems_of(name, model, error)
        return None


def _read_toml(path: Path, problems: list[Problem]) -> dict[str, Any] | None:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        problems.append(Problem(path.name, "", "This file is missing."))
    except UnicodeDecodeError as error:
        problems.append(Problem(path.name, "", f"This file is not UTF-8 text, see byte {error.start}."))
    except tomllib.TOMLDecodeError as error:
        problems.append(Problem(path.name, "", f"This is not TOML: {error}."))
    return None


def _read_all_texts(folder: Path, identity: Identity | None, problems: list[Problem]) -> dict[str, dict[str, str]]:
    """The texts by declared locale; a file of a locale that is not declared is a problem."""
    if identity is None:
        return {}
    for path in sorted(folder.glob("texts.*.toml")):
        if path.name.split(".")[1] not in identity.locales:
            reason = f"This locale is not declared; product.toml has {listed(identity.locales)}."
            problems.append(Problem(path.name, "", reason))
    return {locale: _read_texts(folder / f"texts.{locale}.toml", problems) for locale in identity.locales}


def _read_texts(path: Path, problems: list[Problem]) -> dict[str, str]:
    texts = dict(flatten(_read_toml(path, problems) or {}))
    wrong = [key for key, text in texts.items() if not isinstance(text, str) or not text.strip()]
    problems += [Problem(path.name, key, "This must be a text in quotes that is not empty.") for key in wrong]
    return {key: text for key, text in texts.items() if key not in wrong}


def _page_problems(folder: Path) -> list[Problem]:
    try:
        read_pages(folder)
    except ProductError as error:
        return error.problems
    return []


def _assembled(parts: dict[str, Any], texts: dict[str, dict[str, str]]) -> Product:
    """One product out of its files, with the holidays of its calendars written out (D38)."""
    policy = parts["policy.toml"]
    calendars = {name: rule.written_out() for name, rule in policy.calendars.items()}
    fields = _fields(parts["product.toml"]) | _fields(policy) | _fields(parts["requests.toml"])
    return Product.model_validate(fields | {"calendars": calendars, "triage": parts["triage.toml"], "texts": texts})


def _fields(part: BaseModel) -> dict[str, Any]:
    """A part's values by the keys of its file."""
    return {field.alias or name: getattr(part, name) for name, field in type(part).model_fields.items()}


def _folder_problems(folder: Path, product: Product) -> Iterable[Problem]:
    name = folder.resolve().name
    if name != product.slug:
        yield Problem("product.toml", "slug", f'The folder is called "{name}"; the slug must be the same.')


def _shared_prefixes(products: list[Product]) -> Iterable[Problem]:
    """Slugs are unique as folder names are; prefixes must be, or two cases would have one reference."""
    users: dict[str, list[str]] = defaultdict(list)
    for product in products:
        users[product.ref_prefix].append(product.slug)
    for prefix, slugs in users.items():
        if len(slugs) > 1:
            reason = f'The prefix "{prefix}" is used by {listed(slugs)}; each product needs its own.'
            yield Problem(f"{slugs[-1]}/product.toml", "ref_prefix", reason)
