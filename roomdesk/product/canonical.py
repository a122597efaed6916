"""A product as canonical JSON (RFC 8785, no fractions): equal content gives equal bytes and an equal hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from roomdesk.product.problems import ProductError, problems_of
from roomdesk.product.schema import Product
from roomdesk.rules.canonical_json import canonical_json


def to_json(product: Product) -> dict[str, Any]:
    """Plain data with sorted keys that `from_json` reads back to an equal product."""
    plain: dict[str, Any] = json.loads(canonical_text(product))
    return plain


def canonical_text(product: Product) -> str:
    """The text that is stored and hashed."""
    plain = product.model_dump(mode="json", by_alias=True)
    return canonical_json(plain)


def from_json(plain: Mapping[str, Any]) -> Product:
    """A stored version again. Raises ProductError if the data is none."""
    try:
        return Product.model_validate(plain)
    except ValidationError as error:
        raise ProductError(problems_of("the stored version", Product, error)) from error


def content_hash(product: Product) -> str:
    """SHA-256 of the canonical text, in hexadecimal."""
    return hashlib.sha256(canonical_text(product).encode()).hexdigest()
