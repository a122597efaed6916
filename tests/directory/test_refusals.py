"""What is refused, in which words, naming which field; and that nothing changed by it."""

from __future__ import annotations

from typing import Any

import pytest

from roomdesk.directory import services
from roomdesk.refusals import Conflict, Invalid, NotFound
from tests.directory.world import ACTOR, at, member, put, refused, staff

pytestmark = pytest.mark.usefixtures("still_desk")


@pytest.mark.parametrize(
    ("wanted", "error", "words", "field"),
    [
        ({"slug": "Acme", "product": "cloud"}, Invalid, "small letters", "slug"),
        ({"slug": "a", "product": "cloud"}, Invalid, "2 to 40", "slug"),
        ({"slug": "-a-", "product": "cloud"}, Invalid, "both ends", "slug"),
        ({"slug": "x" * 500, "product": "cloud"}, Invalid, "2 to 40", "slug"),
        ({"slug": "a\0b", "product": "cloud"}, Invalid, "cannot be kept", "slug"),
        ({"slug": "nord"}, Invalid, "needs a product", "product"),
        ({"slug": "nord", "product": "nothing"}, Invalid, "Loaded are: bos, cloud", "product"),
        ({"slug": "acme", "product": "bos"}, Conflict, "cannot be changed", "product"),
        ({"slug": "nord", "product": "cloud", "tier": "gold"}, Invalid, "it has basic, pro and enterprise", "tier"),
        ({"slug": "nord", "product": "cloud", "addons": ["x"]}, Invalid, "it has night and import", "addons"),
        ({"slug": "nord", "product": "cloud", "addons": ["night"]}, Invalid, "only with pro and enterprise", "addons"),
        ({"slug": "nord", "product": "cloud", "locale": "pt"}, Invalid, "it speaks en and bg", "locale"),
        ({"slug": "nord", "product": "cloud", "state": "asleep"}, Invalid, "trial or active", "state"),
        ({"slug": "nord", "product": "cloud", "time_zone": "Sofia"}, Invalid, "Europe/Sofia", "time_zone"),
        ({"slug": "nord", "product": "cloud", "display_name": " "}, Invalid, "is empty", "display_name"),
        ({"slug": "nord", "product": "cloud", "display_name": "a\nb"}, Invalid, "one line", "display_name"),
        ({"slug": "nord", "product": "cloud", "display_name": "a" * 201}, Invalid, "at most 200", "display_name"),
        (
            {"slug": "nord", "product": "cloud", "account_manager": "ivan"},
            Invalid,
            "is no account manager",
            "account_manager",
        ),
        (
            {"slug": "nord", "product": "cloud", "account_manager": "nobody"},
            Invalid,
            "is no account manager",
            "account_manager",
        ),
        ({"slug": "acme", "tier": "gold", "display_name": "New"}, Invalid, 'no tier "gold"', "tier"),
        ({"slug": "acme", "tier": "basic", "addons": ["night"]}, Invalid, "is not sold with", "addons"),
        ({"slug": "acme", "tier": "\ud800"}, Invalid, "cannot be kept", "tier"),
    ],
)
def test_workspaces(wanted: dict[str, Any], error: type[Invalid], words: str, field: str) -> None:
    with refused(error, words, field):
        put(at(1), **wanted)


@pytest.mark.parametrize("role", ["admin", "member"])
def test_the_only_owner_cannot_step_down(role: str) -> None:
    with refused(Conflict, "put another owner first", "role"):
        member(at(1), id="olga", role=role)


def test_the_only_owner_cannot_be_removed() -> None:
    with refused(Conflict, '"olga" is the only owner of the workspace "acme"', "role"):
        services.do_remove_member(workspace="acme", id="olga", actor=ACTOR, now=at(1))


def test_somebody_who_is_no_member_cannot_be_removed() -> None:
    with refused(NotFound, 'no member "ivan"', "id"):
        services.do_remove_member(workspace="acme", id="ivan", actor=ACTOR, now=at(1))


@pytest.mark.parametrize(
    ("wanted", "error", "words", "field"),
    [
        ({"workspace": "nothing", "id": "mira"}, NotFound, 'There is no workspace "nothing"', "workspace"),
        ({"id": "Mira"}, Invalid, "small letters", "id"),
        ({"id": "../x"}, Invalid, "small letters", "id"),
        ({"id": "m" * 81}, Invalid, "up to 80", "id"),
        ({"id": "mira", "role": "king"}, Invalid, "owner, admin or member", "role"),
        ({"id": "mira", "email": "nonsense"}, Invalid, "not a mail address", "email"),
        ({"id": "mira", "email": "OLGA@acme.test"}, Conflict, "belongs to somebody else", "email"),
        ({"id": "mira", "name": "a\tb"}, Invalid, "control character", "name"),
        ({"id": "mira", "locale": "english"}, Invalid, "such as en", "locale"),
        ({"id": "asen", "email": "ana@vendor.test", "role": "owner"}, Conflict, "belongs to somebody else", "email"),
    ],
)
def test_members(wanted: dict[str, str], error: type[Invalid], words: str, field: str) -> None:
    with refused(error, words, field):
        member(at(1), **wanted)


def test_a_short_password_is_refused() -> None:
    with refused(Invalid, "at least 8", "password"):
        services.do_set_password(id="olga", password="short", actor=ACTOR, now=at(1))


@pytest.mark.parametrize(
    ("wanted", "words", "field"),
    [
        ({"id": "petya", "roles": None}, "has no staff role yet", "role"),
        ({"id": "ivan", "roles": []}, "name at least one", "role"),
        ({"id": "petya", "roles": ["king"]}, 'no staff role "king"', "role"),
        ({"id": "petya", "roles": ["engineer"], "product": "nothing"}, "Loaded are", "product"),
        ({"id": "petya", "roles": ["engineer"], "field": "database"}, "Only a specialist", "field"),
        ({"id": "petya", "roles": ["specialist"]}, "needs a field", "field"),
        ({"id": "petya", "roles": ["specialist"], "product": "cloud", "field": "cats"}, "it has database", "field"),
        ({"id": "Petya", "roles": ["engineer"]}, "small letters", "id"),
    ],
)
def test_staff(wanted: dict[str, Any], words: str, field: str) -> None:
    with refused(Invalid, words, field):
        staff(at(1), **wanted)


def test_somebody_who_is_no_staff_cannot_be_removed() -> None:
    with refused(NotFound, '"olga" has no staff role.', "id"):
        services.do_remove_staff(id="olga", actor=ACTOR, now=at(1))
