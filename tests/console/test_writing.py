"""What is written on a case's page: Markdown and foreign HTML drawn harmlessly, files with answers and notes, macros to put in, people to call."""

from __future__ import annotations

import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from roomdesk.cases.models import Case
from roomdesk.directory.models import Person
from roomdesk.queues.models import OutboxRow
from roomdesk.record.models import File, Message
from roomdesk.runtime import clock
from tests.cases_api.place import nothing_changes
from tests.console.conftest import open_case

Browser = Callable[[str | None], Client]
CORPUS = (Path(__file__).parent.parent / "data" / "xss.txt").read_text().splitlines()


class Drawn(HTMLParser):
    """The elements of a page, apart from its own frame."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def risky(page: str) -> set[str]:
    """What could run, load or navigate by itself; the page's own scripts are files of ours."""
    found = set()
    for tag, attrs in Drawn(page).found:
        ours = tag == "script" and (attrs.get("src") or "").startswith("/static/")
        if (
            tag in ("script", "iframe", "object", "embed", "base", "meta", "style", "img", "video")
            and not ours
            and "charset" not in attrs
            and attrs.get("name") not in ("viewport", "color-scheme")
        ):
            found.add(tag)
        found |= {f"{tag} {name}" for name in attrs if name.startswith("on") or name in ("style", "srcdoc")}
        address = "".join((attrs.get("href") or attrs.get("action") or "").split()).lower()
        if address.startswith(("javascript:", "data:", "vbscript:")):
            found.add(address)
    return found


def said(case: Case, author: str, **content: str) -> None:
    """As a Matrix client would have sent it: what it says as HTML is another thing than its text."""
    message = Message.objects.filter(case=case).latest("pk")
    Message.objects.filter(pk=message.pk).update(
        body=content["body"],
        content=json.dumps({**content, "format": "org.matrix.custom.html"}),
        author=Person.objects.get(slug=author),
    )


def test_the_corpus_is_inert_as_html_of_a_client_as_answer_and_as_note(browser: Browser) -> None:
    client = browser("lea")
    clean = risky(client.get(f"/console/cases/{open_case('Nothing').ref}").content.decode())
    for number, text in enumerate(CORPUS):
        case = open_case(text)
        said(case, "oto", body="Harmless", formatted_body=text)
        address = f"/console/cases/{case.ref}"
        assert client.post(address, {"text": text, "key": f"a{number}"}).status_code == 302
        note = {"act": "note", "text": text, "key": f"n{number}"}
        assert client.post(f"{address}/act", note).status_code == 302
        page = client.get(address).content.decode()
        assert risky(page) == clean, text
        assert page.count('id="timeline"') == 1 and page.count("data-desk") == 1
    for path in ("", "?view=all", "attention", "reports/cases?report=backlog&figure=all", "workspaces/beta"):
        page = client.get(f"/console/{path}").content.decode()
        assert risky(page) == clean, path


def test_markdown_is_drawn_and_plain_words_stay_as_they_are(browser: Browser) -> None:
    client, case = browser("lea"), open_case()
    address = f"/console/cases/{case.ref}"
    client.post(address, {"text": "**Done**, see `log`\n\n- one\n- two", "key": "one"})
    client.post(address, {"text": "3 < 4 & so on\nnext line", "key": "two"})
    client.post(f"{address}/act", {"act": "note", "text": "_quietly_", "key": "three"})
    page = client.get(address).content.decode()
    assert '<div class="text rich"><p><strong>Done</strong>, see <code>log</code></p>' in page
    assert '<div class="text">3 &lt; 4 &amp; so on\nnext line</div>' in page
    assert "<em>quietly</em>" in page


def test_what_was_edited_since_is_drawn_as_its_new_text(browser: Browser) -> None:
    client, case = browser("lea"), open_case()
    said(case, "oto", body="old", formatted_body="<b>old words</b>")
    Message.objects.filter(case=case).update(edited_at=clock.now(), edited_body="new words")
    page = client.get(f"/console/cases/{case.ref}").content.decode()
    assert "new words" in page and "old words" not in page


def given(name: str = "log.txt", content: bytes = b"what happened") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def test_files_come_with_an_answer_once(browser: Browser) -> None:
    client, case = browser("tiago"), open_case()
    address = f"/console/cases/{case.ref}"
    for _ in range(2):
        form = {"text": "See the log.", "key": "one", "files": [given(), given("two.txt", b"more")]}
        assert client.post(address, form).status_code == 302
    assert list(File.objects.order_by("pk").values_list("name", flat=True)) == ["log.txt", "two.txt"]
    assert [m.kind for m in Message.objects.filter(case=case, author_kind="staff").order_by("pk")] == [
        "message",
        "file",
        "file",
    ]
    page = client.get(address).content.decode()
    assert "log.txt" in page and "See the log." in page
    # This product has no rooms: there is no way to one.
    assert not OutboxRow.objects.filter(kind__in=["make_media", "put_media"]).exists()


def test_a_file_alone_is_an_answer_and_meets_the_clock(browser: Browser) -> None:
    client, case = browser("tiago"), open_case()
    assert client.post(f"/console/cases/{case.ref}", {"text": "", "files": given()}).status_code == 302
    case.refresh_from_db()
    assert case.answered_at is not None
    assert case.clocks.get(kind="first_response").state == "met"


def test_a_notes_file_is_internal_and_answers_nobody(browser: Browser) -> None:
    client, case = browser("tiago"), open_case()
    form = {"act": "note", "text": "", "files": given("secret.txt"), "key": "n"}
    assert client.post(f"/console/cases/{case.ref}/act", form).status_code == 302
    message = Message.objects.get(case=case, author_kind="staff")
    assert (message.kind, message.body) == ("note", "secret.txt")
    case.refresh_from_db()
    assert case.answered_at is None
    assert "secret.txt" in client.get(f"/console/cases/{case.ref}").content.decode()
    assert "secret.txt" not in browser("oto").get(f"/support/beta/cases/{case.ref}").content.decode()


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ([given("empty.txt", b"")], "“empty.txt” is empty"),
        ([given(f"{n}.txt") for n in range(6)], "At most 5 files"),
    ],
)
def test_files_that_are_refused_leave_nothing_and_keep_the_text(
    browser: Browser, files: list[SimpleUploadedFile], sentence: str
) -> None:
    client, case = browser("tiago"), open_case()
    with nothing_changes():
        answer = client.post(f"/console/cases/{case.ref}", {"text": "Half a sentence", "files": files, "key": "k"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert sentence in page and "Half a sentence" in page and "Nothing was sent" in page
    assert not File.objects.exists()


def test_nothing_can_be_sent_again_that_was_not_given_up(browser: Browser) -> None:
    client, case = browser("tiago"), open_case()
    number = str(Message.objects.get(case=case).pk)
    for message, status in (("x", 422), (number, 409), ("9" * 30, 422)):
        with nothing_changes():
            answer = client.post(f"/console/cases/{case.ref}/act", {"act": "again", "message": message})
        assert answer.status_code == status, message


def test_macros_can_be_put_into_an_answer(browser: Browser) -> None:
    client, case = browser("tiago"), open_case()
    page = client.get(f"/console/cases/{case.ref}").content.decode()
    offered = page.split('data-canned="text"')[1].split("</select>")[0]
    assert case.ref in offered and "<option" in offered
    assert 'data-canned="f-note-text"' not in page
