"""REST for the directory: what is made, changed and told (R55)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.caller import Caller, caller
from tests.directory.world import nothing_changes

pytestmark = pytest.mark.usefixtures("desk")


@pytest.fixture
def admin(desk: None) -> Caller:
    return caller("admin")


def json_of(response: Any, status: int = 200) -> Any:
    assert response.status_code == status, response.content
    return response.json()


def test_a_workspace_is_created_then_found_then_unchanged(admin: Caller) -> None:
    wanted = {"product": "cloud", "tier": "pro", "addons": ["night"], "display_name": "Nord", "account_manager": "ana"}
    made = json_of(admin("PUT", "workspaces/nord", wanted), 201)
    assert {name: made[name] for name in wanted} == wanted
    assert (made["slug"], made["locale"], made["state"]) == ("nord", "bg", "active")
    with nothing_changes():
        assert json_of(admin("PUT", "workspaces/nord", wanted)) == made
        assert json_of(admin("GET", "workspaces/nord")) == made


def test_what_is_left_out_stays_and_null_takes_the_account_manager_away(admin: Caller) -> None:
    assert json_of(admin("PUT", "workspaces/acme", {"display_name": "Acme 2"}))["account_manager"] == "ana"
    changed = json_of(admin("PUT", "workspaces/acme", {"account_manager": None, "tier": None}))
    assert (changed["account_manager"], changed["tier"], changed["display_name"]) == (None, "pro", "Acme 2")


def test_lists_have_items_and_next(admin: Caller) -> None:
    for slug in ("bee", "zed"):
        json_of(admin("PUT", f"workspaces/{slug}", {"product": "cloud"}), 201)
    first = json_of(admin("GET", "workspaces?limit=2"))
    rest = json_of(admin("GET", f"workspaces?limit=2&after={first['next']}"))
    assert [item["slug"] for item in first["items"] + rest["items"]] == ["acme", "bee", "zed"]
    assert rest["next"] is None


def test_members_come_change_and_go(admin: Caller) -> None:
    wanted = {"name": "Mira", "email": "mira@acme.test", "role": "member", "support_room_access": True}
    made = json_of(admin("PUT", "workspaces/acme/members/mira", wanted), 201)
    assert {name: made[name] for name in wanted} == wanted
    assert made["user_id"] == "@mira:roomdesk.localhost"
    assert json_of(admin("PUT", "workspaces/acme/members/mira", {"role": "admin"}))["role"] == "admin"
    items = json_of(admin("GET", "workspaces/acme/members"))["items"]
    assert [(item["id"], item["role"]) for item in items] == [("olga", "owner"), ("asen", "admin"), ("mira", "admin")]
    assert json_of(admin("GET", "workspaces/acme/members/mira"))["role"] == "admin"
    assert admin("DELETE", "workspaces/acme/members/mira").status_code == 204
    assert admin("DELETE", "workspaces/acme/members/mira").status_code == 404


def test_another_owner_takes_over(admin: Caller) -> None:
    json_of(admin("PUT", "workspaces/acme/members/mira", {"role": "owner"}), 201)
    items = json_of(admin("GET", "workspaces/acme/members"))["items"]
    assert [(item["id"], item["role"]) for item in items] == [("mira", "owner"), ("asen", "admin"), ("olga", "admin")]


def test_staff_comes_and_goes(admin: Caller) -> None:
    made = json_of(admin("PUT", "staff/petya", {"roles": ["engineer", "lead"], "product": "cloud"}), 201)
    assert [(role["role"], role["product"]) for role in made["roles"]] == [("engineer", "cloud"), ("lead", "cloud")]
    assert json_of(admin("PUT", "staff/petya", {"role": "lead", "product": "cloud"}))["roles"][0]["role"] == "lead"
    assert [item["id"] for item in json_of(admin("GET", "staff"))["items"]] == ["ana", "ivan", "petya"]
    assert [item["id"] for item in json_of(admin("GET", "staff?product=bos"))["items"]] == ["ana"]
    assert admin("DELETE", "staff/petya").status_code == 204


def test_products_and_the_token_itself_are_told(admin: Caller) -> None:
    assert "cloud" in [item["slug"] for item in json_of(admin("GET", "products"))["items"]]
    assert json_of(admin("GET", "products/cloud"))["tiers"][1] == {"slug": "pro", "name": "Pro"}
    limited = caller("directory:read", workspace="acme")
    assert json_of(limited("GET", "me")) == {
        "name": "acme-directory.read",
        "scopes": ["directory:read"],
        "workspace": "acme",
    }


def test_a_token_of_one_workspace_manages_its_people_and_no_others(admin: Caller) -> None:
    json_of(admin("PUT", "workspaces/nord", {"product": "cloud"}), 201)
    limited = caller("directory:read", "directory:write", workspace="acme")
    json_of(limited("PUT", "workspaces/acme/members/mira", {"role": "member"}), 201)
    assert [item["slug"] for item in json_of(limited("GET", "workspaces"))["items"]] == ["acme"]
    with nothing_changes():
        assert limited("PUT", "workspaces/acme/members/ana", {"email": "x@acme.test"}).status_code == 409
        assert limited("PUT", "workspaces/acme", {"tier": "enterprise"}).status_code == 403
        assert limited("PUT", "workspaces/nord/members/mira", {"role": "owner"}).status_code == 404
        assert limited("DELETE", "workspaces/nord/members/mira").status_code == 404


def test_staff_are_present_until_they_say_otherwise(admin: Caller) -> None:
    assert admin("PUT", "staff/petya", {"role": "lead"}).status_code == 201
    assert {item["id"]: item["availability"] for item in json_of(admin("GET", "staff"))["items"]}["petya"] == {
        "present": True,
        "capacity": None,
    }
    wanted = {"present": False, "capacity": 3}
    assert json_of(admin("PUT", "staff/petya/availability", wanted)) == wanted
    with nothing_changes():
        assert json_of(admin("PUT", "staff/petya/availability", wanted)) == wanted
        assert admin("PUT", "staff/nobody/availability", wanted).status_code == 404
        assert admin("PUT", "staff/petya/availability", {"capacity": 5000}).status_code == 422
    assert json_of(admin("PUT", "staff/petya/availability", {"capacity": 0})) == {"present": False, "capacity": None}
