"""Reading stored products: the newest version of each, and a version's content as a `Product`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache

from roomdesk.product.canonical import from_json
from roomdesk.product.models import ProductVersion
from roomdesk.product.schema import Product


def newest(slugs: Iterable[str]) -> dict[str, ProductVersion]:
    """The newest version of each of the products, in one query; unknown slugs are left out. Content is not fetched."""
    versions = ProductVersion.objects.filter(slug__in=set(slugs)).order_by("slug", "-number").distinct("slug")
    return {version.slug: version for version in versions.defer("content")}


def office_zones(slugs: Iterable[str]) -> dict[str, str]:
    """The time zone of each product's office by its newest version, in one query; unknown slugs are left out."""
    return {slug: product_of(version.pk).office.timezone for slug, version in newest(slugs).items()}


def loaded(slugs: Iterable[str]) -> dict[str, list[ProductVersion]]:
    """All versions of each of the products in their order, in one query; unknown slugs are left out. Content is not fetched."""
    return by_slug(ProductVersion.objects.filter(slug__in=set(slugs)).order_by("slug", "number").defer("content"))


def by_slug(versions: Iterable[ProductVersion]) -> dict[str, list[ProductVersion]]:
    """Versions in their order, by product."""
    found: dict[str, list[ProductVersion]] = {}
    for version in versions:
        found.setdefault(version.slug, []).append(version)
    return found


@lru_cache(maxsize=64)
def product_of(version_id: int) -> Product:
    """The product as it was in that version. Versions never change, so each is read once a process."""
    content = ProductVersion.objects.values_list("content", flat=True).get(pk=version_id)
    return from_json(json.loads(content))
