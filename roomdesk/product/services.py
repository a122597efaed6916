"""Stored versions: putting a product among them, finding the current one, and reading one back.

Loading with its audit entry is `directory.services.products`: the audit lies above this package.
"""

from __future__ import annotations

import json
from datetime import datetime

from roomdesk.product.canonical import canonical_text, content_hash, from_json
from roomdesk.product.models import ProductVersion
from roomdesk.product.problems import ProductError, listed
from roomdesk.product.schema import Product
from roomdesk.refusals import Conflict, NotFound

#: Read versions by content hash: equal content is the same product, in whichever database.
_read: dict[str, Product] = {}


def store(product: Product, now: datetime) -> tuple[ProductVersion, bool]:
    """The newest version if it equals `product`, else a new one with the next number; and whether it is new.

    Within the caller's transaction. Two at once: the later one fails by constraint `product_version_once`.
    """
    latest = _latest(product.slug)
    digest = content_hash(product)
    if latest is not None and latest.content_hash == digest:
        return latest, False
    number = latest.number + 1 if latest else 1
    fields = {"slug": product.slug, "number": number, "content_hash": digest, "content": canonical_text(product)}
    return ProductVersion.objects.create(loaded_at=now, **fields), True


def current(slug: str) -> ProductVersion:
    """The newest version of a product. NotFound names the products that are loaded."""
    latest = _latest(slug)
    if latest is None:
        raise NotFound(f'There is no product "{slug}". Loaded are: {listed(known())}.', field="product")
    return latest


def version(slug: str, number: int) -> ProductVersion:
    """One version of a product. NotFound names the newest."""
    newest = current(slug)
    found = ProductVersion.objects.filter(slug=slug, number=number).first()
    if found is None:
        raise NotFound(f'The product "{slug}" has no version {number}; its newest is {newest.number}.')
    return found


def known() -> list[str]:
    """Slugs of all loaded products, in order."""
    return list(ProductVersion.objects.order_by("slug").values_list("slug", flat=True).distinct())


def current_all() -> list[ProductVersion]:
    """The newest version of every product, by slug."""
    return list(ProductVersion.objects.defer("content").order_by("slug", "-number").distinct("slug"))


def product_of(version: ProductVersion) -> Product:
    """What a version says; read once per process and content. Conflict if an older Roomdesk stored it in another form."""
    if version.content_hash not in _read:
        _read[version.content_hash] = _parsed(version)
    return _read[version.content_hash]


def _parsed(version: ProductVersion) -> Product:
    try:
        return from_json(json.loads(version.content))
    except ProductError as error:
        raise Conflict(
            f'Version {version.number} of the product "{version.slug}" was stored in a form that this Roomdesk cannot read '
            f"({error.problems[0]}); load the product again."
        ) from error


def _latest(slug: str) -> ProductVersion | None:
    return ProductVersion.objects.filter(slug=slug).defer("content").order_by("-number").first()
