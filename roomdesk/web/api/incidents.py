"""Links and incidents: for tokens of the whole installation only. POST honours the header Idempotency-Key."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from roomdesk.cases import incidents, linking, story
from roomdesk.cases.incidents import Words
from roomdesk.cases.together import Hands
from roomdesk.runtime import clock
from roomdesk.web.api import case_act_schemas as forms
from roomdesk.web.api.asked import check_query
from roomdesk.web.api.auth import actor_of, endpoint, viewer_of
from roomdesk.web.api.case_schemas import Case as CaseShown
from roomdesk.web.api.cases import router
from roomdesk.web.api.idempotency import answer_once
from roomdesk.web.api.schemas import REFUSALS


def _hands(request: HttpRequest, author: str | None) -> Hands:
    check_query(request)
    return Hands(viewer_of(request), author, actor_of(request), clock.now())


@router.post("/cases/{ref}/link", response={200: CaseShown, **REFUSALS}, **endpoint("cases_link"))
def cases_link(request: HttpRequest, ref: str, wanted: forms.OtherCase) -> HttpResponse:
    """Say that two cases have to do with each other."""
    hands = _hands(request, wanted.author)
    return answer_once(
        request, hands.now, lambda: (200, story.case(linking.do_link(hands, ref, wanted.to, reason=wanted.reason)))
    )


@router.post("/cases/{ref}/unlink", response={200: CaseShown, **REFUSALS}, **endpoint("cases_unlink"))
def cases_unlink(request: HttpRequest, ref: str, wanted: forms.OtherCase) -> HttpResponse:
    """Take such a link away."""
    hands = _hands(request, wanted.author)
    return answer_once(
        request, hands.now, lambda: (200, story.case(linking.do_unlink(hands, ref, wanted.to, reason=wanted.reason)))
    )


@router.post("/cases/{ref}/attach", response={200: CaseShown, **REFUSALS}, **endpoint("cases_attach"))
def cases_attach(request: HttpRequest, ref: str, wanted: forms.OtherCase) -> HttpResponse:
    """Attach the case to the incident that `to` leads, of whatever workspace."""
    hands = _hands(request, wanted.author)
    return answer_once(
        request, hands.now, lambda: (200, story.case(linking.do_attach(hands, ref, wanted.to, reason=wanted.reason)))
    )


@router.post("/cases/{ref}/detach", response={200: CaseShown, **REFUSALS}, **endpoint("cases_detach"))
def cases_detach(request: HttpRequest, ref: str, wanted: forms.Act) -> HttpResponse:
    """Take the case out of its incident."""
    hands = _hands(request, wanted.author)
    return answer_once(
        request, hands.now, lambda: (200, story.case(linking.do_detach(hands, ref, reason=wanted.reason)))
    )


@router.post("/cases/{ref}/answer-all", response={201: forms.AllTold, **REFUSALS}, **endpoint("cases_answer_all"))
def cases_answer_all(request: HttpRequest, ref: str, wanted: forms.AnswerAll) -> HttpResponse:
    """Answer the customers of the whole incident, each once in their own room."""
    hands = _hands(request, wanted.author)
    words = Words(wanted.text, wanted.texts)

    def act() -> tuple[int, Any]:
        return 201, incidents.shown(incidents.do_answer_all(hands, ref, words, channel="rest"))

    return answer_once(request, hands.now, act)
