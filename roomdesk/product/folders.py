"""Where the product files of this installation are."""

from __future__ import annotations

from pathlib import Path

import roomdesk
from roomdesk.refusals import Invalid
from roomdesk.runtime.settings import Settings


def products_folder(settings: Settings) -> Path | None:
    """The folder named by the settings, else `products` here or beside the program; None where there is none.

    Invalid where the settings name one that is no folder of products.
    """
    if settings.products is not None:
        if not _holds_products(settings.products):
            raise Invalid(
                f'ROOMDESK_PRODUCTS names "{settings.products}", which holds no folder with a product.toml; name one that does.'
            )
        return settings.products
    return products_beside()


def products_beside() -> Path | None:
    """The folder `products` here, else beside the program; None where there is none."""
    beside = Path(roomdesk.__file__).resolve().parent.parent
    return next((place for parent in (Path.cwd(), beside) if _holds_products(place := parent / "products")), None)


def _holds_products(folder: Path) -> bool:
    return any(folder.glob("*/product.toml"))
