"""Canned answers: for tokens of the whole installation only. POST honours the header Idempotency-Key."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Schema
from pydantic import Field

from roomdesk.cases import macros, story
from roomdesk.cases.together import Hands
from roomdesk.runtime import clock
from roomdesk.web.api.asked import check_query
from roomdesk.web.api.auth import actor_of, endpoint, viewer_of
from roomdesk.web.api.case_schemas import Said
from roomdesk.web.api.cases import router
from roomdesk.web.api.idempotency import answer_once
from roomdesk.web.api.schemas import REFUSALS, Text, Wanted


class MacroWanted(Wanted):
    author: Text = Field(description="The id of the member of the staff who answers.")
    macro: Text
    values: dict[Text, Text] = Field(default_factory=dict, description="Of the variables that the macro asks for.")


class Macro(Schema):
    macro: str
    text: str = Field(description="In the workspace's language; variables that are to be given stand in braces.")
    asks: list[str]
    state: str | None = Field(description="What the case becomes with the answer.")


class Macros(Schema):
    items: list[Macro]
    next: str | None


@router.get("/cases/{ref}/macros", response={200: Macros, **REFUSALS}, **endpoint("cases_macros"))
def cases_macros(request: HttpRequest, ref: str) -> dict[str, Any]:
    """The canned answers of the case's product, as they would be said in it."""
    check_query(request)
    return {"items": [*map(macros.shown, macros.access_macros(viewer_of(request), ref))], "next": None}


@router.post("/cases/{ref}/macro", response={201: Said, **REFUSALS}, **endpoint("cases_macro"))
def cases_macro(request: HttpRequest, ref: str, wanted: MacroWanted) -> HttpResponse:
    """Say a canned answer in a case. It counts once the room has it (`state`: sending)."""
    check_query(request)
    hands = Hands(viewer_of(request), wanted.author, actor_of(request), clock.now())

    def act() -> tuple[int, Any]:
        return 201, story.said(macros.do_macro(hands, ref, wanted.macro, wanted.values, channel="rest"))

    return answer_once(request, hands.now, act)
