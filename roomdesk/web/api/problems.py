"""Refusals of the API as `application/problem+json` (RFC 9457): type, title, status, detail, and `code`, `field`.

`detail` is a sentence for people; programs go by `code`, which is stable.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

import orjson
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from roomdesk.refusals import DeskError

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"

#: For those who ask without a valid token: the same words whatever was wrong with it.
WHO = "Name a valid token in the header Authorization, as `Bearer rd_…`."
NOWHERE = "There is nothing at this address, or it is not yours to see."
UNREADABLE = "The body of the request is not JSON; send one JSON object in UTF-8."


def problem(status: int, code: str, detail: str, field: str | None = None, **more: Any) -> HttpResponse:
    """An answer that says what went wrong. `more` are further members of the document."""
    body = {
        "type": f"urn:roomdesk:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        "field": field,
        **more,
    }
    response = HttpResponse(orjson.dumps(body), status=status, content_type=CONTENT_TYPE)
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="roomdesk"'
    return response


def refused(error: DeskError) -> HttpResponse:
    """A service's refusal."""
    more = {name: error.data[name] for name in ("reason",) if name in error.data}
    return problem(error.status, error.code, str(error), error.field, **more)


def handle(api: NinjaAPI) -> None:
    """Makes every error of `api` a problem."""
    api.add_exception_handler(DeskError, _on_refusal)
    api.add_exception_handler(AuthenticationError, lambda request, error: problem(401, "unauthorized", WHO))
    api.add_exception_handler(Http404, lambda request, error: problem(404, "not_found", NOWHERE))
    api.add_exception_handler(ValidationError, _on_validation)
    api.add_exception_handler(HttpError, _on_http)
    api.add_exception_handler(OperationalError, _on_absence)
    api.add_exception_handler(Exception, _on_failure)


def _on_refusal(request: HttpRequest, error: Any) -> HttpResponse:
    return refused(error)


def _on_http(request: HttpRequest, error: Any) -> HttpResponse:
    if error.status_code == HTTPStatus.BAD_REQUEST:
        return problem(400, "unreadable", UNREADABLE)
    return problem(error.status_code, "refused", str(error))


def _on_validation(request: HttpRequest, error: Any) -> HttpResponse:
    """The first finding in a sentence, all of them as a list."""
    found = [{"field": _field(e["loc"]), "detail": _sentence(e)} for e in error.errors]
    return problem(422, "invalid", found[0]["detail"], found[0]["field"], errors=found)


def _field(loc: tuple[Any, ...]) -> str:
    """Where it is: `("body", "wanted", "addons", 0)` → `addons[0]`; without the names of our own parameters."""
    steps = loc[2:] if loc[0] == "body" else loc[1:]
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".") or "body"


def _sentence(error: dict[str, Any]) -> str:
    field = _field(error["loc"])
    if error["type"] == "extra_forbidden":
        return f'There is no field "{field}".'
    if error["type"] == "missing":
        return f"The field {field} is missing." if field != "body" else UNREADABLE
    if error["type"] == "model_attributes_type":
        return "The body of the request is no JSON object; send one."
    return f"The field {field} is refused: {error['msg'][0].lower()}{error['msg'][1:]}."


def _on_absence(request: HttpRequest, error: Any) -> HttpResponse:
    logger.warning("The database does not answer.", exc_info=error)
    response = problem(503, "unavailable", "The database does not answer. Nothing was changed; try again in a moment.")
    response.headers["Retry-After"] = "5"
    return response


def _on_failure(request: HttpRequest, error: Any) -> HttpResponse:
    logger.error("A request to %s failed.", request.path, exc_info=error)
    return problem(
        500, "failed", "Something went wrong here. It has been noted; try again, and tell the vendor if it stays."
    )
