"""The commands of the directory: exit 0, 1 and 2, one JSON document, the same results as REST."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from roomdesk.directory.models import Person, Workspace
from tests.cli.shell import done, process, refusal, run
from tests.directory.world import nothing_changes

pytestmark = pytest.mark.usefixtures("desk")


def test_a_workspace_is_put_with_its_people_in_one_go() -> None:
    words = ["workspace", "put", "nord", "--product", "cloud", "--tier", "pro", "--addon", "night", "--addon", "import"]
    people = ["--owner", "nina", "--owner-name", "Nina", "--owner-email", "nina@nord.test", "--admin", "adam"]
    made = done(*words, *people, "--admin", "eva")
    assert (made["slug"], made["tier"], made["addons"], made["result"]) == (
        "nord",
        "pro",
        ["night", "import"],
        "created",
    )
    shown = done("workspace", "show", "nord")
    assert [(m["id"], m["role"]) for m in shown["members"]] == [("nina", "owner"), ("adam", "admin"), ("eva", "admin")]
    with nothing_changes():
        assert done(*words, *people)["result"] == "unchanged"
    assert done("workspace", "put", "nord", "--addon", "")["addons"] == []
    assert [item["slug"] for item in done("workspace", "list")["items"]] == ["acme", "nord"]


def test_a_refused_owner_leaves_no_workspace() -> None:
    with nothing_changes():
        words = ["workspace", "put", "nord", "--product", "cloud", "--owner", "nina", "--owner-email", "olga@acme.test"]
        assert "belongs to somebody else" in refusal(*words)
    assert not Workspace.objects.filter(slug="nord").exists()


def test_members_are_put_listed_and_removed() -> None:
    made = done("member", "put", "acme", "mira", "--name", "Mira", "--role", "member", "--support-room-access")
    assert (made["role"], made["support_room_access"], made["result"]) == ("member", True, "created")
    assert done("member", "put", "acme", "mira", "--no-support-room-access")["support_room_access"] is False
    assert [item["id"] for item in done("member", "list", "acme")["items"]] == ["olga", "asen", "mira"]
    assert done("member", "remove", "acme", "mira")["result"] == "removed"
    with nothing_changes():
        assert "put another owner first" in refusal("member", "remove", "acme", "olga")


def test_staff_is_put_listed_and_removed() -> None:
    made = done("staff", "put", "petya", "--role", "engineer", "--role", "lead", "--product", "cloud")
    assert [role["role"] for role in made["roles"]] == ["engineer", "lead"]
    assert [item["id"] for item in done("staff", "list", "--product", "cloud")["items"]] == ["ana", "ivan", "petya"]
    assert len(done("staff", "remove", "petya")["ended"]) == 2
    assert 'no staff role "king"' in refusal("staff", "put", "petya", "--role", "king")


def test_tokens_are_shown_once_listed_and_revoked() -> None:
    made = done("token", "make", "shop", "--scope", "cases:read", "--workspace", "acme", "--days", "3")
    assert made["token"].startswith("rd_")
    assert made["expires_at"].endswith("Z")
    listed = {item["name"]: item for item in done("token", "list")["items"]}
    assert "token" not in listed["shop"]
    assert done("token", "revoke", "shop")["revoked_at"]


def test_a_password_is_read_from_standard_input() -> None:
    assert done("person", "password", "olga", "--password-stdin", stdin="correct horse\n")["result"] == "changed"
    assert Person.objects.get(slug="olga").check_password("correct horse")
    assert "give --password-stdin" in refusal("person", "password", "olga", stdin="")
    assert done("person", "show", "olga")["workspaces"] == [{"workspace": "acme", "role": "owner"}]


def test_an_import_reports_every_line(tmp_path: Path) -> None:
    file = tmp_path / "workspaces.csv"
    file.write_text("slug,product,tier\nnord,cloud,pro\nsud,cloud,gold\n")
    with nothing_changes():
        result = run("workspace", "import", str(file), "--json")
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert [(line["line"], line["result"]) for line in report["lines"]] == [(2, "created"), (3, "refused")]
    assert "1 of 2 lines are refused. Nothing was written." in result.stderr
    assert run("workspace", "import", str(file), "--partial").exit_code == 1
    assert Workspace.objects.filter(slug="nord").exists()
    text = json.dumps([{"slug": "sud", "product": "cloud"}])
    assert done("workspace", "import", "-", stdin=text)["is_written"] is True


def test_products_are_shown_and_compared() -> None:
    assert done("product", "show", "cloud")["product"]["slug"] == "cloud"
    assert done("product", "diff", "cloud")["items"] == []
    assert "Loaded are:" in refusal("product", "show", "clod")


def test_product_files_are_checked_without_a_desk(tmp_path: Path) -> None:
    root = Path(__file__).parents[2] / "products"
    assert "plana-business-cloud" in done("product", "check", str(root))["products"]
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "product.toml").write_text("slug = ")
    assert "bad/product.toml: This is not TOML" in refusal("product", "check", str(tmp_path))


@pytest.mark.parametrize("words", [["workspace", "list"], ["workspace", "show", "acme"], ["member", "list", "acme"],
                                   ["staff", "list"], ["token", "list"], ["product", "show", "cloud"]])  # fmt: skip
def test_words_for_people(words: list[str]) -> None:
    result = run(*words)
    assert result.exit_code == 0
    assert result.stdout.strip()
    assert "{" not in result.stdout


def test_exit_codes_of_a_process_of_its_own(desk: str) -> None:
    good = process(desk, "workspace", "put", "nord", "--product", "cloud", "--json")
    assert (good.returncode, json.loads(good.stdout)["result"]) == (0, "created")
    bad = process(desk, "workspace", "put", "nord", "--tier", "gold", "--json")
    assert (bad.returncode, bad.stdout) == (1, "")
    assert bad.stderr == 'The product "cloud" has no tier "gold"; it has basic, pro and enterprise.\n'
    wrong = process(desk, "workspace", "put", "nord", "--owner-name", "Nina")
    assert wrong.returncode == 2
    assert "need --owner" in wrong.stderr
