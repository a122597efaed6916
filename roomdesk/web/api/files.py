"""Files of the record: what is known of one, and its kept copy."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from ninja import Router

from roomdesk.cases import files
from roomdesk.web.api import case_schemas as forms
from roomdesk.web.api.asked import check_query
from roomdesk.web.api.auth import endpoint, viewer_of
from roomdesk.web.api.schemas import REFUSALS
from roomdesk.web.inert import inert

router = Router(tags=["files"])


@router.get("/files/{int:number}", response={200: forms.File, **REFUSALS}, **endpoint("files_get"))
def files_get(request: HttpRequest, number: int) -> dict[str, Any]:
    """What is known of a file; `state` says whether its copy is kept. 410 where nobody gets it (any more)."""
    check_query(request)
    return files.known(files.access_file(number, viewer_of(request)))


@router.get("/files/{int:number}/content", response={200: bytes, **REFUSALS}, **endpoint("files_content"))
def files_content(request: HttpRequest, number: int) -> HttpResponseBase:
    """The kept copy, as an attachment. 409 while it is being fetched."""
    check_query(request)
    return inert(files.access_file(number, viewer_of(request)))
