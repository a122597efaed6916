"""The API at `/api/v1/` and its addresses, guarded so that every answer that is no success is a problem."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import orjson
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, re_path
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.renderers import BaseRenderer

from roomdesk.web.api import (
    access,
    case_acts,
    consents,
    directory,
    files,
    filing,
    identities,
    incidents,
    macros,
    oncall,
    paging,
    product_macros,
    queue,
    record,
    search,
    sla,
    webhooks,
)
from roomdesk.web.api.problems import CONTENT_TYPE, NOWHERE, handle, problem

ODD = "The address holds a character that no name here has."


class Renderer(BaseRenderer):
    """JSON; times in UTC with `Z`, microseconds where there are any."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return orjson.dumps(data, option=orjson.OPT_UTC_Z)


class Api(NinjaAPI):
    """As django-ninja's, with refusals declared by their own content type."""

    def get_openapi_schema(self, **given: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**given)
        for path in schema["paths"].values():
            for operation in path.values():
                for status, response in operation["responses"].items():
                    if int(status) >= 400 and "content" in response:
                        response["content"] = {CONTENT_TYPE: response["content"]["application/json"]}
        return schema


# The page with the documentation would need files from elsewhere: only the document itself is served.
api = Api(
    title="Roomdesk",
    version="1",
    urls_namespace="api-v1",
    docs_url=None,
    openapi_url="/openapi.json",
    renderer=Renderer(),
    description="Provisioning and cases. Lists are `{items, next}`; errors are problem+json; PUT is idempotent.",
)
handle(api)
api.add_router("", directory.router)
api.add_router("", access.router)
api.add_router("", identities.router)
api.add_router("", sla.router)
# One router for these files: an address belongs to one.
assert case_acts.router is incidents.router is macros.router
api.add_router("", case_acts.router)
api.add_router("", consents.router)
api.add_router("", queue.router)
api.add_router("", filing.router)
api.add_router("", files.router)
api.add_router("", search.router)
api.add_router("", record.router)
api.add_router("", product_macros.router)
api.add_router("", webhooks.router)
api.add_router("", oncall.router)
api.add_router("", paging.router)

View = Callable[..., HttpResponse]


def _guarded(view: View) -> View:
    """Turns what Django and django-ninja answer by themselves into problems."""

    @functools.wraps(view, assigned=(), updated=())
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "\0" in unquote(request.get_full_path()):
            return problem(400, "unreadable", ODD)
        try:
            response = view(request, *args, **kwargs)
        except Http404:
            return problem(404, "not_found", NOWHERE)
        return _not_allowed(response) if response.status_code == 405 else response

    # There are no cookies in this: a token comes with each request.
    guarded.csrf_exempt = True  # type: ignore[attr-defined]
    return guarded


def _not_allowed(response: HttpResponse) -> HttpResponse:
    allowed = response.headers.get("Allow", "")
    answer = problem(405, "method_not_allowed", f"This address answers {allowed} only.")
    answer.headers["Allow"] = allowed
    return answer


@_guarded
def missing(request: HttpRequest) -> HttpResponse:
    """Whatever has no address of its own."""
    raise Http404


def urls() -> tuple[list[Any], str, str]:
    """For `path("api/v1/", urls())`."""
    patterns, app, namespace = api.urls
    for pattern in patterns:
        assert isinstance(pattern, URLPattern)
        pattern.callback = _guarded(pattern.callback)
    return [*patterns, re_path(r"", missing)], app, namespace
