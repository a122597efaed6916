"""The products whose pages somebody may look at: by name, and the zone in which what is of several of them is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from roomdesk.product.queries import newest, product_of
from roomdesk.product.schema import Product
from roomdesk.product.services import known
from roomdesk.web.console.reader import Reader


def own_products(reader: Reader) -> dict[str, Product]:
    """The reader's products by slug, in their order, each in its newest version. Two queries."""
    own = [slug for slug in known() if reader.viewer.sees_all or slug in reader.viewer.products]
    return {slug: product_of(version.pk) for slug, version in sorted(newest(own).items())}


def zone_of(slug: str, products: Mapping[str, Product]) -> str:
    """In which zone something of that product is told; what is of none (empty), or of one that is not loaded, in the shared one."""
    return products[slug].office.timezone if slug in products else shared_zone(products.values())


def names(slugs: Iterable[str]) -> dict[str, str]:
    """What the products are called; one that is not loaded by its slug. One query, where any is named."""
    wanted = {slug for slug in slugs if slug}
    found = newest(wanted) if wanted else {}
    return {slug: product_of(found[slug].pk).name if slug in found else slug for slug in wanted}


def shared_zone(products: Iterable[Product]) -> str:
    """The zone of their offices where they have one in common, else UTC: nobody should have to know which office is meant."""
    zones = {one.office.timezone for one in products}
    return zones.pop() if len(zones) == 1 else "UTC"
