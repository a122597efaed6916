"""What an event says of its file is read tolerantly and not believed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from roomdesk.channels.matrix.media import FileNamed, file_named
from roomdesk.rules.file_type import UNKNOWN, file_type

URL = "mxc://example.org/AbC_d-9"


def named(**content: Any) -> FileNamed | None:
    return file_named(json.dumps(content))


def test_name_type_and_size_are_the_senders_word() -> None:
    info = {"mimetype": "image/png", "size": 7}
    assert named(url=URL, body="screen.png", info=info) == FileNamed(URL, "screen.png", "image/png", 7)


def test_with_a_file_name_the_body_is_a_caption() -> None:
    found = named(url=URL, body="Look at this", filename="screen.png")
    assert found is not None and found.name == "screen.png"


@pytest.mark.parametrize(
    ("given", "name"),
    [("../../etc/passwd", "passwd"), ("C:\\temp\\a.txt", "a.txt"), ("a\u202egnp.exe", "agnp.exe"), ("\n", "file"), (7, "file"), ("x" * 999, "x" * 200)],
)  # fmt: skip
def test_a_name_leads_nowhere_and_pretends_nothing(given: object, name: str) -> None:
    found = named(url=URL, body=given)
    assert found is not None and found.name == name


@pytest.mark.parametrize(
    "url",
    [None, 7, "", "https://example.org/x", "mxc://example.org", "mxc://example.org/", "mxc://example.org/../x", "mxc:///x", "mxc://a b/x", {}],
)  # fmt: skip
def test_what_cannot_be_fetched_is_no_file(url: object) -> None:
    assert named(url=url, body="screen.png") is None


@pytest.mark.parametrize("size", [-1, 1.5, "7", True, 1 << 60, None])
def test_an_impossible_size_is_none(size: object) -> None:
    found = named(url=URL, body="a", info={"size": size})
    assert found is not None and found.size is None


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", UNKNOWN),
        (b"%PDF-1.7", "application/pdf"),
        (b"<svg onload=alert(1)>", UNKNOWN),
        (b"<!doctype html>", UNKNOWN),
        (b"", UNKNOWN),
    ],
)
def test_the_first_bytes_say_what_it_is(head: bytes, kind: str) -> None:
    assert file_type(head) == kind
