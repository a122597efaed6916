"""Calling the API as a program does, within this process."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client

from roomdesk.directory import services
from tests.directory.world import ACTOR, START

PROBLEM = "application/problem+json"


class Caller:
    """A program with a token (or none)."""

    def __init__(self, token: str | None = None) -> None:
        self._client = Client(SERVER_NAME="127.0.0.1", raise_request_exception=False)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        data = body if isinstance(body, str | bytes) else "" if body is None else json.dumps(body)
        given = {**self._headers, **headers}
        return self._client.generic(method, f"/api/v1/{path}", data, content_type="application/json", headers=given)


def caller(*scopes: str, workspace: str | None = None) -> Caller:
    """A program with a new token of these scopes."""
    name = "-".join((workspace or "all", *(scope.replace(":", ".") for scope in scopes)))[:80]
    _, plain = services.do_make_token(name=name, scopes=scopes, workspace=workspace, actor=ACTOR, now=START)
    return Caller(plain)


def problem(response: HttpResponse, status: int, code: str, field: str | None = None) -> str:
    """The answer is a problem with this status, code and field; gives its sentence."""
    assert response.status_code == status, response.content
    assert response.headers["Content-Type"] == PROBLEM
    body = json.loads(response.content)
    assert {"type", "title", "status", "detail", "code", "field"} <= body.keys()
    assert (body["status"], body["code"], body["field"]) == (status, code, field)
    assert body["detail"].endswith((".", ","))
    return str(body["detail"])
