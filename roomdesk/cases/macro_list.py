"""All macros of a product as its administrators see them: those of its files, then those that were written here, and how each is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from roomdesk.cases import stored_macros
from roomdesk.cases.models import StoredMacro
from roomdesk.cases.stored_macros import Wish, said
from roomdesk.directory.errors import Invalid, NotFound
from roomdesk.directory.queries import Viewer
from roomdesk.product.schema import Product
from roomdesk.rules.macro import strange


@dataclass(frozen=True, slots=True)
class Listed:
    """A macro as it is written. `written`: its row, None for one of the files, which is changed there.

    `is_hidden`: the files have one of this name as well, and that is the one that is said.
    """

    product: str
    slug: str
    texts: Mapping[str, str]
    asks: Sequence[str]
    state: str
    written: StoredMacro | None = None
    is_hidden: bool = False


def of_product(product: Product, stored: Sequence[StoredMacro]) -> list[Listed]:
    """The files' in their order, then these, which are the product's own. No query."""
    texts = product.texts
    files = [
        Listed(
            product.slug, one.slug, {at: texts[at][one.text_key] for at in product.locales}, one.asks, one.state or ""
        )
        for one in product.macro_rows
    ]
    return files + [of_row(product, one) for one in stored]


def of_row(product: Product, one: StoredMacro) -> Listed:
    known = [locale for locale in product.locales if locale in one.texts]
    texts = {locale: one.texts[locale] for locale in dict.fromkeys([*known, *one.texts])}
    return Listed(product.slug, one.slug, texts, one.asks, one.state, one, one.slug in product.macros)


def access_list(viewer: Viewer, product: str | None, at: datetime) -> list[Listed]:
    """Those of a product, or of all that the viewer administers. Forbidden, or NotFound as `stored_macros.access_product`."""
    every = stored_macros.access_products(viewer, at)
    products = every if product is None else [stored_macros.access_product(viewer, product, at)]
    stored = stored_macros.of_all([one.slug for one in products])
    return [row for one in products for row in of_product(one, stored.get(one.slug, ()))]


def access_one(viewer: Viewer, product: str, slug: str, at: datetime) -> tuple[Product, Listed]:
    """The one that was written here, else the files' of this name. NotFound."""
    owner = stored_macros.access_product(viewer, product, at)
    found = {row.slug: row for row in of_product(owner, stored_macros.of(owner.slug))}
    if slug not in found:
        raise NotFound(f'{owner.slug} has no macro "{slug[:60]}".', field="macro")
    return owner, found[slug]


def preview(product: Product, texts: Mapping[str, str], values: Mapping[str, str], agent: str) -> dict[str, str]:
    """The texts as they would be said, of a customer and a case that do not exist; what has no value yet stays in braces."""
    example = {"ref": f"{product.ref_prefix}-1042", "customer": "Maria", "workspace": "Acme", "agent": agent}
    return {locale: said(text, {**values, **example}) for locale, text in texts.items()}


def access_preview(
    viewer: Viewer, product: str, slug: str, given: Mapping[str, str], values: Mapping[str, str], at: datetime
) -> dict[str, Any]:
    """A macro as it would be said with these texts in the place of its own; it need not exist. Writes nothing.

    Invalid with the field, as if it were written, or for a value that no text asks for.
    """
    owner = stored_macros.access_product(viewer, product, at)
    found = {row.slug: row for row in of_product(owner, stored_macros.of(owner.slug))}.get(slug)
    if found is None and not given:
        raise NotFound(
            f'{owner.slug} has no macro "{slug[:60]}"; give texts to see how they would be said.', field="macro"
        )
    texts = {**(found.texts if found else {}), **given}
    asks = stored_macros.check(owner, Wish(texts)) if given or found is None else list(found.asks)
    wrong = strange(slug, asks, values)
    if wrong:
        raise Invalid(wrong, field="values")
    return {"macro": slug, "asks": asks, "texts": preview(owner, texts, values, "Alex")}


def shown(row: Listed) -> dict[str, Any]:
    """For REST and `--json`."""
    return {
        "product": row.product,
        "macro": row.slug,
        "source": "here" if row.written else "files",
        "texts": dict(row.texts),
        "asks": list(row.asks),
        "state": row.state or None,
        "hidden": row.is_hidden,
        "changed_at": row.written.changed_at if row.written else None,
        "changed_by": row.written.changed_by if row.written else None,
    }
