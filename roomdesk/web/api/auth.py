"""Who asks: a bearer token, its scopes and its limit to a workspace."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja.security import HttpBearer

from roomdesk.audit.work import Actor
from roomdesk.directory.errors import Forbidden, NotFound
from roomdesk.directory.queries import Viewer, viewer_of_token
from roomdesk.directory.services import access_token
from roomdesk.runtime import clock
from roomdesk.web.api.roles import RULES, Rule


class Bearer(HttpBearer):
    """Lets a request through to one operation, by its row in `RULES`. One class name for all, so one scheme in OpenAPI."""

    def __init__(self, operation: str) -> None:
        super().__init__()
        self.operation = operation
        self._rule = RULES[operation]

    def authenticate(self, request: HttpRequest, token: str) -> Viewer | None:
        try:
            viewer = viewer_of_token(access_token(token, clock.now()))
        except NotFound:
            return None
        check_scope(viewer, self._rule)
        return viewer


def check_scope(viewer: Viewer, rule: Rule) -> None:
    """Raises Forbidden unless the token may use the endpoint."""
    if rule.scope and not viewer.may(rule.scope):
        raise Forbidden(f'This token does not have the scope "{rule.scope}" that this needs.', scope=rule.scope)
    if not rule.for_one and not viewer.sees_all:
        raise Forbidden("This token is limited to one workspace, and this concerns more than that.")


def endpoint(operation: str) -> dict[str, Any]:
    """What every route of the API is made with: its name, which the role table knows, and its guard."""
    return {"operation_id": operation, "auth": Bearer(operation), "url_name": operation}


def viewer_of(request: HttpRequest) -> Viewer:
    """Who was let through."""
    viewer: Viewer = request.auth  # type: ignore[attr-defined]
    return viewer


def actor_of(request: HttpRequest) -> Actor:
    """The token as it stands in the audit."""
    return Actor("token", viewer_of(request).name)
