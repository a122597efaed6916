"""What is wrong with product files, said so that their writer can put it right."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to put right. `key` is a path in the file (rows count from 1), empty for the whole file."""

    file: str
    key: str
    reason: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.key, self.reason) if part)


class ProductError(ValueError):
    """A product that cannot be used; `problems` has everything found, `str()` lists it one a line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(map(str, self.problems)))


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint ' Did you mean "…"?' with the most alike of `known`, or nothing."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f' Did you mean "{found[0]}"?' if found else ""


def listed(words: Iterable[str]) -> str:
    """`a, b and c`, or `none`."""
    words = list(words)
    if len(words) < 2:
        return "".join(words) or "none"
    return f"{', '.join(words[:-1])} and {words[-1]}"


def problems_of(file: str, model: type[BaseModel], error: ValidationError) -> list[Problem]:
    """pydantic's findings about `file` as problems, in its order."""
    return [Problem(file, key_of(e["loc"]), _reason(model, e)) for e in error.errors(include_url=False)]


def key_of(loc: Sequence[int | str]) -> str:
    """A path as people write it: `targets[3].amount`, rows counted from 1."""
    key = ""
    for step in loc:
        if isinstance(step, int):
            key += f"[{step + 1}]"
        elif step != "[key]":
            key += f".{step}" if key else step
    return key


def _reason(model: type[BaseModel], error: ErrorDetails) -> str:
    kind, given, context = error["type"], error["input"], error.get("ctx", {})
    match kind:
        case "missing":
            return f"This {'value' if isinstance(error['loc'][-1], int) else 'key'} is missing."
        case "extra_forbidden":
            return f"This key is unknown.{nearest(str(error['loc'][-1]), _keys_at(model, error['loc'][:-1]))}"
        case "literal_error":
            expected = context["expected"].replace("'", '"')
            return f"This must be {expected}, not {shown(given)}."
        case "product":
            return str(context["sentence"])
    if expected := EXPECTED.get(kind):
        return f"This must be {expected.format(**context)}, not {shown(given)}."
    return f"This is refused: {error['msg']}."


# What to write instead, by pydantic's name of the error.
EXPECTED = {
    "string_type": "a text in quotes",
    "string_too_short": "a text that is not empty",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
    "tuple_type": "a list",
    "too_short": "a list of at least {min_length}",
    "too_long": "a list of at most {max_length}",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "date_type": "a date such as 2026-03-03",
    "date_from_datetime_parsing": "a date such as 2026-03-03",
    "date_from_datetime_inexact": "a date without a time",
}


def shown(value: Any) -> str:
    """A value of a file as its writer wrote it, in short."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
        case dict():
            return "a table"
        case list() | tuple():
            return f"a list of {len(value)}"
    return str(value)


def _keys_at(annotation: Any, loc: Sequence[int | str]) -> list[str]:
    """The keys that a table at `loc` inside `annotation` may have."""
    for step in loc:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            annotation = _field(annotation, str(step))
        else:
            annotation = get_args(annotation)[-1] if Ellipsis not in get_args(annotation) else get_args(annotation)[0]
        annotation = _without_none(annotation)
    return [field.alias or name for name, field in annotation.model_fields.items()]


def _field(model: type[BaseModel], key: str) -> Any:
    return next(f.annotation for name, f in model.model_fields.items() if key in (name, f.alias))


def _without_none(annotation: Any) -> Any:
    args = [arg for arg in get_args(annotation) if arg is not NoneType]
    return args[0] if NoneType in get_args(annotation) else annotation
