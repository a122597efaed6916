"""Files of workspaces and their people: CSV, JSON or JSONL in, wishes out. Nothing is looked up or written here.

Every line stands for itself: one that cannot be read becomes a refusal with its number, the others are read on.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from roomdesk.directory.errors import Invalid
from roomdesk.directory.services.texts import check_storable
from roomdesk.directory.services.wishes import MemberWish, PersonWish, WorkspaceWish
from roomdesk.product.problems import listed, nearest

#: Columns of text; `addons` and `admins` are lists (in CSV with ";" between), `members` is for JSON only.
WORDS = ("slug", "product", "display_name", "tier", "locale", "account_manager", "state", "time_zone")
OWNER = ("owner", "owner_name", "owner_email")
LISTS = ("addons", "admins")
COLUMNS = (*WORDS, *OWNER, *LISTS, "members")
_MEMBER = {"id": str, "name": str, "email": str, "role": str, "locale": str, "support_room_access": bool}


@dataclass(frozen=True, slots=True)
class Line:
    """One line (or item) of the file, from 1: what it wishes, or why it cannot be read."""

    number: int
    slug: str = ""
    wishes: tuple[WorkspaceWish | MemberWish, ...] = ()
    refusal: Invalid | None = None


def read_lines(text: str, name: str = "") -> list[Line]:
    """The lines of a file. Its form follows from the end of `name`, or from its first letter. Invalid: not such a file."""
    form = _form(text, name)
    read = {"csv": _from_csv, "json": _from_json, "jsonl": _from_jsonl}[form]
    lines = list(_without_doubles(read(text.removeprefix("\ufeff"))))
    if not lines:
        raise Invalid("The file has no line; give at least one workspace.")
    return lines


def _form(text: str, name: str) -> str:
    ending = name.rpartition(".")[2].lower()
    if ending in ("csv", "json", "jsonl"):
        return ending
    first = text.lstrip("\ufeff \t\r\n")[:1]
    if first == "[":
        return "json"
    if first != "{":
        return "csv"
    return "json" if _is_json(text) else "jsonl"


def _is_json(text: str) -> bool:
    try:
        json.loads(text.removeprefix("\ufeff"))
    except ValueError:
        return False
    return True


def _from_csv(text: str) -> Iterator[Line]:
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="", strict=True)
    try:
        _check_columns(reader.fieldnames or ())
        for row in reader:
            yield _line(reader.line_num, lambda row=row: _csv_row(row))
    except csv.Error as error:
        raise Invalid(f"Line {reader.line_num} is not CSV ({error}).") from error


def _check_columns(names: Iterable[str]) -> None:
    for name in names:
        if name.strip() not in COLUMNS[:-1]:
            hint = nearest(name, COLUMNS)
            raise Invalid(f'There is no column "{name}".{hint} There are {listed(COLUMNS[:-1])}.', field=name)


def _csv_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as an object: empty cells are left out, lists are taken apart."""
    if "" in row:
        raise Invalid("This line has more cells than the first line has names.")
    filled = {name.strip(): value.strip() for name, value in row.items() if value and value.strip()}
    lists = {
        name: [word.strip() for word in filled[name].split(";") if word.strip()] for name in LISTS if name in filled
    }
    return {**filled, **lists}


def _from_json(text: str) -> Iterator[Line]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise Invalid(f"The file is not JSON: {error}.") from error
    items = found.get("items", [found]) if isinstance(found, dict) else found
    if not isinstance(items, list):
        raise Invalid('The file holds no list of workspaces; write [{"slug": …}, …].')
    for number, item in enumerate(items, 1):
        yield _line(number, lambda item=item: item)


def _from_jsonl(text: str) -> Iterator[Line]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield _line(number, lambda line=line: _loads(line))


def _loads(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        raise Invalid(f"This line is not JSON: {error}.") from error


def _line(number: int, read: Any) -> Line:
    try:
        item = _checked(read())
        wishes = tuple(_wishes(item))
        for wish in wishes:
            check_storable(wish)
        return Line(number, item["slug"], wishes)
    except Invalid as refusal:
        return Line(number, refusal=refusal)


def _checked(item: Any) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise Invalid('This is no object; write {"slug": …}.')
    for name, value in item.items():
        if name not in COLUMNS:
            raise Invalid(f'There is no field "{name}".{nearest(name, COLUMNS)}', field=name)
        _check_kind(name, value, list if name in (*LISTS, "members") else str)
    if not item.get("slug"):
        raise Invalid("The field slug is missing.", field="slug")
    return item


def _check_kind(name: str, value: Any, kind: type[Any]) -> None:
    words = {str: "a text", list: "a list", bool: "true or false"}
    if value is not None and not isinstance(value, kind):
        raise Invalid(f"The field {name} must be {words[kind]}.", field=name)
    if kind is list and name in LISTS and not all(isinstance(word, str) for word in list(value or ())):
        raise Invalid(f"The field {name} must be a list of texts.", field=name)


def _wishes(item: dict[str, Any]) -> Iterator[WorkspaceWish | MemberWish]:
    words = {name: item.get(name) for name in WORDS}
    addons = item.get("addons")
    yield WorkspaceWish(**words, addons=None if addons is None else tuple(addons))  # type: ignore[arg-type]
    if item.get("owner"):
        profile = {"name": item.get("owner_name"), "email": item.get("owner_email")}
        yield MemberWish(workspace=item["slug"], person=PersonWish(id=item["owner"], **profile), role="owner")
    for admin in item.get("admins") or ():
        yield MemberWish(workspace=item["slug"], person=PersonWish(id=admin), role="admin")
    for member in item.get("members") or ():
        yield _member(item["slug"], member)


def _member(workspace: str, item: Any) -> MemberWish:
    if not isinstance(item, dict) or not item.get("id"):
        raise Invalid("Each member is an object with an id.", field="members")
    for name, value in item.items():
        if name not in _MEMBER:
            raise Invalid(f'A member has no field "{name}".{nearest(name, _MEMBER)}', field="members")
        _check_kind(name, value, _MEMBER[name])
    person = PersonWish(id=item["id"], name=item.get("name"), email=item.get("email"), locale=item.get("locale"))
    access = item.get("support_room_access")
    return MemberWish(workspace=workspace, person=person, role=item.get("role"), support_room_access=access)


def _without_doubles(lines: Iterable[Line]) -> Iterator[Line]:
    """A workspace twice in one file is a slip: which of the two should count?"""
    seen: dict[str, int] = {}
    for line in lines:
        first = seen.setdefault(line.slug, line.number) if line.slug else line.number
        if first == line.number:
            yield line
        else:
            yield Line(
                line.number, line.slug, refusal=Invalid(f'"{line.slug}" is in line {first} already.', field="slug")
            )
