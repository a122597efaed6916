"""A good product to break, and the three that ship."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from roomdesk.product.loading import check_folder, read_product
from roomdesk.product.problems import ProductError
from roomdesk.product.schema import Product

ROOT = Path(__file__).parents[2]
Break = Callable[[str, str, str], list[str]]


@pytest.fixture(scope="session")
def shipped() -> dict[str, Product]:
    """The products in `products/`, by slug."""
    return {product.slug: product for product in check_folder(ROOT / "products")}


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A folder with a good product, free to be broken."""
    return Path(shutil.copytree(ROOT / "products" / "power-omni", tmp_path / "power-omni"))


@pytest.fixture
def broken(good: Path) -> Break:
    """Replace a text that stands in a file of the good product; the problems that reading then reports."""

    def attempt(file: str, old: str, new: str) -> list[str]:
        path = good / file
        before = path.read_text(encoding="utf-8")
        assert old in before, f"{old!r} is not in {file}"
        path.write_text(before.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(ProductError) as caught:
            read_product(good)
        assert str(caught.value).splitlines() == [str(problem) for problem in caught.value.problems]
        return [str(problem) for problem in caught.value.problems]

    return attempt
