"""Idempotency-Key: done once, the answer told again (for POST; PUT needs none)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from roomdesk.directory.queries import Viewer
from roomdesk.queues import requests
from roomdesk.queues.models import IdempotentRequest
from roomdesk.refusals import Conflict, Invalid
from roomdesk.web.api.idempotency import answer_once
from tests.directory.world import START, at, refused
from tests.harness.database import in_thread

pytestmark = pytest.mark.usefixtures("database")


def asked(body: str = "{}", key: str | None = "k1", who: str = "shop") -> HttpRequest:
    headers = {} if key is None else {"Idempotency-Key": key}
    request = RequestFactory(headers=headers).post("/api/v1/things", body, content_type="application/json")
    request.auth = Viewer("token", who)  # type: ignore[attr-defined]
    return request


def counter() -> tuple[list[int], Callable[[], tuple[int, Any]]]:
    done: list[int] = []

    def act() -> tuple[int, Any]:
        done.append(1)
        return 201, {"number": len(done)}

    return done, act


def told(response: HttpResponse) -> tuple[int, Any, bool]:
    return response.status_code, json.loads(response.content), response.headers.get("Idempotent-Replayed") == "true"


def test_a_repeat_gets_the_first_answer_and_does_nothing() -> None:
    done, act = counter()
    assert told(answer_once(asked(), START, act)) == (201, {"number": 1}, False)
    assert told(answer_once(asked(), at(1), act)) == (201, {"number": 1}, True)
    assert len(done) == 1


def test_without_a_key_each_request_counts() -> None:
    done, act = counter()
    for _ in range(2):
        answer_once(asked(key=None), START, act)
    assert len(done) == 2
    assert not IdempotentRequest.objects.exists()


def test_another_body_under_the_same_key_is_refused() -> None:
    done, act = counter()
    answer_once(asked(), START, act)
    with refused(Conflict, "use a new key"):
        answer_once(asked('{"x": 1}'), START, act)
    assert len(done) == 1


def test_two_callers_may_use_the_same_key() -> None:
    done, act = counter()
    answer_once(asked(who="shop"), START, act)
    answer_once(asked(who="till"), START, act)
    assert len(done) == 2


def test_a_refusal_is_not_kept() -> None:
    def act() -> tuple[int, Any]:
        raise Conflict("Not now.")

    with refused(Conflict, "Not now."):
        answer_once(asked(), START, act)
    done, good = counter()
    assert told(answer_once(asked(), START, good)) == (201, {"number": 1}, False)
    assert len(done) == 1


def test_the_same_twice_at_once_is_done_once() -> None:
    done, act = counter()
    answers: list[tuple[int, Any, bool]] = []
    threads = [in_thread(lambda: answers.append(told(answer_once(asked(), START, act)))) for _ in range(3)]
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive()
    assert len(done) == 1
    assert sorted(repeat for _, _, repeat in answers) == [False, True, True]


@pytest.mark.parametrize("key", ["", "k" * 201, "a\tb", "ключ"])
def test_a_key_that_is_none(key: str) -> None:
    with refused(Invalid, "visible ASCII", "Idempotency-Key"):
        answer_once(asked(key=key), START, lambda: (201, {}))


def test_old_answers_are_forgotten() -> None:
    answer_once(asked(), START, lambda: (201, {}))
    assert requests.forget(at(47)) == 0
    assert requests.forget(at(49)) == 1
