"""Checks of single inputs: ids, names, addresses. Each raises Invalid with a sentence that names the field."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import fields, is_dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from roomdesk.directory.errors import Invalid

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,38}[a-z0-9]")
_PERSON = re.compile(r"[a-z0-9][a-z0-9._=-]{0,79}")
_LOCALE = re.compile(r"[a-z]{2}(-[a-z]{2})?")


def is_workspace_slug(slug: str) -> bool:
    return bool(_SLUG.fullmatch(slug))


def check_workspace_slug(slug: str) -> str:
    if not is_workspace_slug(slug):
        raise Invalid(
            f'"{_shown(slug)}" cannot be the slug of a workspace: use 2 to 40 small letters, digits and "-", '
            "with a letter or digit at both ends.",
            field="slug",
        )
    return slug


def check_person_id(slug: str) -> str:
    if not _PERSON.fullmatch(slug):
        raise Invalid(
            f'"{_shown(slug)}" cannot be the id of a person: use up to 80 small letters, digits, ".", "_", "=" and "-", '
            "with a letter or digit first.",
            field="id",
        )
    return slug


def check_line(text: str, field: str, limit: int = 200) -> str:
    """One line of text without white space at its ends, not empty, without control characters."""
    line = text.strip()
    if not line:
        raise Invalid(f"The field {field} is empty; write something or leave it out.", field=field)
    if len(line) > limit:
        raise Invalid(f"The field {field} has {len(line)} characters; at most {limit} fit.", field=field)
    if any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in line):
        raise Invalid(
            f"The field {field} has a line break or another control character; write it on one line.", field=field
        )
    return line


def check_email(text: str) -> str:
    """A mail address, or nothing."""
    address = text.strip()
    try:
        if address:
            validate_email(address)
    except ValidationError:
        raise Invalid(
            f'The field email holds "{_shown(address)}", which is not a mail address.', field="email"
        ) from None
    return address


def check_locale(locale: str) -> str:
    """A person's language, or nothing: whether a product speaks it is the product's matter."""
    if locale and not _LOCALE.fullmatch(locale):
        raise Invalid(
            f'The field locale holds "{_shown(locale)}"; write a language such as en or pt-br.', field="locale"
        )
    return locale


def check_storable(value: Any) -> None:
    """Every text in a wish can be kept: PostgreSQL takes no NUL, and nothing takes half a character."""
    if is_dataclass(value):
        for one in fields(value):
            check_storable_text(getattr(value, one.name), one.name)


def check_storable_text(value: Any, field: str) -> None:
    for text in value if isinstance(value, tuple) else (value,):
        if isinstance(text, str) and any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in text):
            raise Invalid(f"The field {field} holds a character that cannot be kept.", field=field)
        if is_dataclass(text):
            check_storable(text)


def titled(slug: str) -> str:
    """A name made of an id, where none was given: `acme-foods` → `Acme Foods`."""
    return " ".join(word.capitalize() for word in re.split(r"[._=-]+", slug) if word)


def _shown(text: str) -> str:
    """User input in a sentence: short, and nothing that could break the line."""
    return ascii(text[:60])[1:-1] if not text.isprintable() else text[:60]
