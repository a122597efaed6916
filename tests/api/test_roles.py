"""Every endpoint against every kind of token, generated from the URL table; an endpoint without a row fails here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.urls import URLPattern

from roomdesk.directory.services.tokens import SCOPES
from roomdesk.web.api import application
from roomdesk.web.api.application import api
from roomdesk.web.api.auth import Bearer
from roomdesk.web.api.roles import RULES
from tests.api.caller import Caller, caller
from tests.directory import world

DOCUMENT = {"openapi-json", "api-root", None}


def operations() -> list[tuple[str, str, str]]:
    """(operation id, method, path) of everything in the URL table, with values that name nothing filled in."""
    paths = api.get_openapi_schema()["paths"]
    found = []
    for path, methods in paths.items():
        for method, operation in methods.items():
            place = path.removeprefix("/api/v1/").replace("{slug}", "nothing").replace("{id}", "nobody")
            found.append(
                (
                    operation["operationId"],
                    method.upper(),
                    place.replace("{ref}", "NO-1")
                    .replace("{number}", "1")
                    .replace("{macro}", "none")
                    .replace("{provider}", "none"),
                )
            )
    return found


@pytest.fixture(scope="module")
def callers(still_desk: None) -> Iterator[dict[str, Caller]]:
    world.put(slug="nord", product="cloud")
    yield {scope: caller(scope) for scope in SCOPES} | {"none": Caller()}


def test_every_operation_has_a_row_and_every_row_an_operation() -> None:
    assert sorted(name for name, _, _ in operations()) == sorted(RULES)


def test_every_address_of_the_url_table_is_one_of_these_operations() -> None:
    patterns = [p for p in application.urls()[0] if isinstance(p, URLPattern) and p.name not in DOCUMENT]
    assert sorted(pattern.name or "" for pattern in patterns) == sorted(RULES)


def test_every_operation_asks_for_its_own_rule() -> None:
    for router in api._get_bound_routers():
        for view in router.path_operations.values():
            for operation in view.operations:
                guards = operation.auth_callbacks
                assert [type(guard) for guard in guards] == [Bearer], operation.operation_id
                assert [guard.operation for guard in guards] == [operation.operation_id]


@pytest.mark.parametrize(("operation", "method", "path"), operations())
def test_each_scope_opens_what_the_table_says_and_nothing_else(
    callers: dict[str, Caller], operation: str, method: str, path: str
) -> None:
    scope = RULES[operation].scope
    opened = {name for name, call in callers.items() if call(method, path, {}).status_code not in (401, 403)}
    assert opened == ({scope, "admin"} if scope else set(SCOPES))
    assert callers["none"](method, path, {}).status_code == 401


@pytest.mark.parametrize(("operation", "method", "path"), operations())
def test_a_token_of_one_workspace_learns_nothing_of_another(
    callers: dict[str, Caller], operation: str, method: str, path: str
) -> None:
    limited = _limited()
    answers = []
    for slug in ("nord", "nothing"):
        response = limited(method, path.replace("nothing", slug), {})
        answers.append((response.status_code, response.content.replace(slug.encode(), b"*")))
    assert answers[0] == answers[1]
    if not RULES[operation].for_one or RULES[operation].scope == "admin":
        assert answers[0][0] == 403


def _limited() -> Caller:
    from roomdesk.directory.models import ApiToken

    ApiToken.objects.filter(workspace__isnull=False).delete()
    return caller(*[scope for scope in SCOPES if scope != "admin"], workspace="acme")


def test_the_document_loads_and_declares_problems_as_such() -> None:
    response = Caller()("GET", "openapi.json")
    assert response.status_code == 200
    paths = response.json()["paths"]
    put = paths["/api/v1/workspaces/{slug}"]["put"]
    assert set(put["responses"]["422"]["content"]) == {"application/problem+json"}
    assert {"200", "201", "401", "403", "404", "409"} <= put["responses"].keys()
    assert put["security"]
