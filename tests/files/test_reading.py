"""Who gets a kept file, and that no browser runs anything of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from roomdesk.cases.files import case_of
from roomdesk.directory import services
from roomdesk.directory.models import Person
from roomdesk.directory.services.tokens import do_make_token
from roomdesk.record.models import File
from roomdesk.runtime import clock
from tests.files.desk import PAGE, PICTURE, Desk
from tests.rooms.place import ACTOR, PRODUCT

Open = Callable[[str], Client]


@pytest.fixture
def browser(desk: Desk) -> Open:
    """A browser in which this person of the workspace is signed in."""

    def opened(who: str) -> Client:
        client = Client(headers={"host": "127.0.0.1"})
        person = Person.objects.get(slug=desk.place.id(who))
        client.force_login(person, "allauth.account.auth_backends.AuthenticationBackend")
        return client

    return opened


@pytest.fixture
def outsider(desk: Desk) -> Desk:
    """Another workspace with an owner of its own."""
    now = clock.now()
    services.do_put_workspace(slug=f"other-{desk.place.slug}", product=PRODUCT, tier="pro", actor=ACTOR, now=now)
    return desk


def token(workspace: str | None = None) -> Client:
    now = clock.now()
    name = f"t{now:%H%M%S%f}"
    _, plain = do_make_token(name=name, scopes=["cases:read"], workspace=workspace, actor=ACTOR, now=now)
    return Client(headers={"host": "127.0.0.1", "authorization": f"Bearer {plain}"})


def test_staff_find_it_on_the_cases_page_and_save_it(desk: Desk, browser: Open) -> None:
    file = desk.attach(PICTURE, name='screen "one".png')
    engineer = browser("ivan")
    ref = _ref(file)
    assert "being fetched" in engineer.get(f"/console/cases/{ref}").content.decode()
    assert engineer.get(f"/console/files/{file.pk}").status_code == 409
    desk.keep()
    page = engineer.get(f"/console/cases/{ref}").content.decode()
    assert f'href="/console/files/{file.pk}"' in page and "46\xa0bytes" in page
    answer = engineer.get(f"/console/files/{file.pk}")
    assert b"".join(answer) == PICTURE and answer["Content-Type"] == "image/png"
    assert answer["Content-Disposition"].startswith("attachment; filename=")


def test_a_page_is_never_run(desk: Desk, browser: Open) -> None:
    file = desk.attach(PAGE, name="invoice.html", kind="text/html")
    desk.keep()
    answer = browser("ivan").get(f"/console/files/{file.pk}")
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == 'attachment; filename="invoice.html"'
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["X-Content-Type-Options"] == "nosniff" and "no-store" in answer["Cache-Control"]
    assert b"".join(answer) == PAGE


def test_customers_have_no_console(desk: Desk, browser: Open) -> None:
    file = desk.attach(PICTURE)
    desk.keep()
    assert browser("olga").get(f"/console/files/{file.pk}").status_code == 404
    assert Client(headers={"host": "127.0.0.1"}).get(f"/console/files/{file.pk}").status_code == 302


def test_a_token_of_another_workspace_learns_nothing(outsider: Desk) -> None:
    file = outsider.attach(PICTURE)
    outsider.keep()
    mine, theirs = token(outsider.place.slug), token(f"other-{outsider.place.slug}")
    told = mine.get(f"/api/v1/files/{file.pk}").json()
    assert (told["name"], told["state"], told["type"], told["size"]) == (
        "screen.png",
        "kept",
        "image/png",
        len(PICTURE),
    )
    assert b"".join(mine.get(f"/api/v1/files/{file.pk}/content")) == PICTURE
    for where in (f"/api/v1/files/{file.pk}", f"/api/v1/files/{file.pk}/content"):
        forbidden, missing = theirs.get(where), mine.get(where.replace(str(file.pk), "999999999"))
        assert (forbidden.status_code, missing.status_code) == (404, 404)
        assert forbidden.json()["code"] == missing.json()["code"] == "not_found"


def test_the_whole_story_of_a_case_names_its_files(desk: Desk) -> None:
    file = desk.attach(PICTURE)
    desk.keep()
    story = token().get(f"/api/v1/cases/{_ref(file)}").json()
    (said,) = [message for message in story["messages"] if message["file"] and message["file"]["id"] == file.pk]
    assert said["kind"] == "file" and said["file"]["state"] == "kept"


def test_of_a_removed_message_nobody_gets_the_file(desk: Desk, browser: Open) -> None:
    file = desk.attach(PICTURE)
    desk.keep()
    desk.redact(file)
    answer = token().get(f"/api/v1/files/{file.pk}/content")
    assert answer.status_code == 410
    assert answer.json()["detail"] == "The message that this file came with was removed."
    engineer = browser("ivan")
    assert engineer.get(f"/console/files/{file.pk}").status_code == 410
    assert f"/console/files/{file.pk}" not in engineer.get(f"/console/cases/{_ref(file)}").content.decode()


def _ref(file: File) -> str:
    case = case_of(file)
    assert case is not None
    return case.ref
