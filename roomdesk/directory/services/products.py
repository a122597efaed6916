"""Loading products, with an audit entry for each version that is new."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from roomdesk.audit.work import Actor, Work
from roomdesk.directory.errors import Invalid
from roomdesk.directory.models import StaffRole
from roomdesk.directory.services.staff import tell_staff_rooms
from roomdesk.directory.services.together import together
from roomdesk.product import services as products
from roomdesk.product.canonical import to_json
from roomdesk.product.loading import check_folder, read_product
from roomdesk.product.models import ProductVersion
from roomdesk.product.problems import ProductError
from roomdesk.product.schema import Product

T = TypeVar("T")


def load(source: Path | Product, actor: Actor, now: datetime) -> tuple[ProductVersion, bool]:
    """Stores a product and returns its version, and whether it is new. Content equal to the newest changes nothing.

    Invalid lists every problem of the files, one a line.
    """
    product = source if isinstance(source, Product) else checked(lambda: read_product(source))
    return together(lambda: _load(product, actor, now))


def load_all(root: Path, actor: Actor, now: datetime) -> list[tuple[ProductVersion, bool]]:
    """Stores all products in the folders of `root`, or none if one of them is faulty."""
    found = checked(lambda: check_folder(root))
    return together(lambda: [_load(product, actor, now) for product in found])


def _load(product: Product, actor: Actor, now: datetime) -> tuple[ProductVersion, bool]:
    version, is_new = products.store(product, now)
    if is_new:
        work = Work(now, actor)
        data = {"number": version.number, "content_hash": version.content_hash, **_promises(product)}
        work.audit("product.loaded", f"product:{product.slug}", data)
        if StaffRole.objects.filter(product__in=["", product.slug], valid_to=None).exists():
            tell_staff_rooms([product.slug], work)
        work.flush()
    return version, is_new


def _promises(product: Product) -> dict[str, Any]:
    """All that due times rest on: whoever has only the audit can compute every clock anew."""
    whole = to_json(product)
    return {
        "calendars": {name: calendar.as_plain() for name, calendar in product.calendars.items()},
        "targets": whole["targets"],
        "severities": whole["severities"],
        "states": whole["states"],
        "warnings": list(product.life.warnings),
        "upward_grace_minutes": product.life.upward_grace_minutes,
    }


def checked(read: Callable[[], T]) -> T:
    """What `read` returns; problems of product files become a refusal."""
    try:
        return read()
    except ProductError as error:
        raise Invalid(str(error)) from error
