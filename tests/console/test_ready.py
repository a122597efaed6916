"""What the first page of a case needs is there before somebody asks for it: the page itself makes nothing that is made once a process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import uvicorn
from click.testing import CliRunner
from django.db import OperationalError
from django.test import Client

from roomdesk.cases import triaging
from roomdesk.cli import main, processes
from roomdesk.clocks import policy
from roomdesk.product import queries, vocabulary
from roomdesk.runtime import logs
from roomdesk.web import ready
from roomdesk.web.portal import refusals
from roomdesk.worker import ready as by_worker
from tests.console.conftest import open_case

Browser = Callable[[str | None], Client]
#: What is made once a process, dear or not.
ONCE: tuple[Any, ...] = (
    vocabulary._general,
    vocabulary._vocabulary,
    vocabulary._opinions,
    triaging._vocabulary_of,
    policy.calendar_of,
    policy.target_rows,
    queries.product_of,
    refusals._patterns,
)


def made() -> list[int]:
    return [one.cache_info().misses for one in ONCE]


def forget() -> None:
    for one in (*ONCE, triaging.found):
        one.cache_clear()


@pytest.fixture
def case_page(browser: Browser) -> Callable[[], None]:
    case = open_case("We tried to restart it. The export should hold all invoices. It stops at half.")
    client = browser("lea")

    def drawn() -> None:
        page = client.get(f"/console/cases/{case.ref}").content.decode()
        assert "<dt>Steps</dt>" in page and "We tried to restart it." in page

    return drawn


def test_a_page_that_is_the_first_of_its_process_makes_it_all(case_page: Callable[[], None]) -> None:
    """Else the next test says nothing."""
    forget()
    case_page()
    assert all(made())


def test_a_process_that_made_itself_ready_makes_nothing_for_the_first_page(case_page: Callable[[], None]) -> None:
    forget()
    ready.make_ready()
    before = made()
    case_page()
    assert made() == before


def test_a_worker_that_made_itself_ready_makes_nothing_for_the_first_p0(browser: Browser) -> None:
    open_case("An earlier one, so that a version is there")
    forget()
    by_worker.begin().join()
    before = made()
    open_case("P0 The export stops at half and nobody can work")
    assert made() == before


def test_a_web_process_makes_itself_ready_beside_what_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(ready, "begin", lambda: said.append("ready"))
    monkeypatch.setattr(uvicorn.Server, "run", lambda server, sockets: said.append("answers"))
    monkeypatch.setattr(processes, "_listen", lambda settings: None)
    monkeypatch.setattr(processes.signal, "signal", lambda number, handler: None)
    monkeypatch.setattr(logs, "configure", lambda settings, process: None)
    assert CliRunner().invoke(main, ["web"]).exit_code == 0
    assert said == ["ready", "answers"]


def test_without_a_database_it_is_made_when_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away() -> None:
        raise OperationalError("the connection is refused")

    monkeypatch.setattr(ready, "make_ready", away)
    ready.begin().join()
    assert [one.getMessage() for one in caplog.records] == [
        "Pages are made ready when they are asked for: the connection is refused"
    ]
