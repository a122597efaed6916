"""What staff do with cases: for tokens of the whole installation only. POST honours the header Idempotency-Key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from roomdesk.cases import calls, changing, escalating, joining, parting, questions, satisfaction, story, untriaging
from roomdesk.cases.models import Case
from roomdesk.refusals import Invalid
from roomdesk.runtime import clock
from roomdesk.web.api import case_act_schemas as forms
from roomdesk.web.api.asked import check_query
from roomdesk.web.api.auth import actor_of, endpoint, viewer_of
from roomdesk.web.api.case_schemas import Case as CaseShown

# One router for both files: an address belongs to one, and `cases/{ref}` is read there and changed here.
from roomdesk.web.api.cases import router
from roomdesk.web.api.idempotency import answer_once
from roomdesk.web.api.schemas import REFUSALS


@router.patch("/cases/{ref}", response={200: CaseShown, **REFUSALS}, **endpoint("cases_change"))
def cases_change(request: HttpRequest, ref: str, wanted: forms.CaseChange) -> dict[str, Any]:
    """Change severity, kind, state, assignee or snooze; all of what is given, or nothing. The same again changes nothing."""
    check_query(request)
    given = wanted.model_dump(exclude_unset=True)
    author = given.pop("author", None)
    change = changing.Change(**given)
    actor, now = actor_of(request), clock.now()
    viewer = viewer_of(request)
    done = changing.do_change(viewer, ref, change, author=author, actor=actor, now=now)
    return story.case(done, viewer)


def _once(request: HttpRequest, status: int, act: Callable[..., Case]) -> HttpResponse:
    """Does it once for each key, and answers with the case. `act` takes who acts and when."""
    check_query(request)
    now, viewer = clock.now(), viewer_of(request)
    return answer_once(request, now, lambda: (status, story.case(act(actor=actor_of(request), now=now), viewer)))


@router.post("/cases/{ref}/reopen", response={200: CaseShown, **REFUSALS}, **endpoint("cases_reopen"))
def cases_reopen(request: HttpRequest, ref: str, wanted: forms.Act) -> HttpResponse:
    """Reopen a resolved or closed case: a new cycle, without a first response until the customer speaks."""
    viewer = viewer_of(request)
    return _once(request, 200, lambda **by: changing.do_reopen(viewer, ref, **wanted.model_dump(), **by))


@router.post("/cases/{ref}/undo-triage", response={200: CaseShown, **REFUSALS}, **endpoint("cases_undo_triage"))
def cases_undo_triage(request: HttpRequest, ref: str, wanted: forms.Act) -> HttpResponse:
    """Take back what the desk found by itself: kind, severity and answer, unless staff have decided since."""
    viewer = viewer_of(request)
    return _once(request, 200, lambda **by: untriaging.do_undo(viewer, ref, **wanted.model_dump(), **by))


@router.post("/cases/{ref}/split", response={201: CaseShown, **REFUSALS}, **endpoint("cases_split"))
def cases_split(request: HttpRequest, ref: str, wanted: forms.SplitWanted) -> HttpResponse:
    """Make a case of some of its messages; answers with the new one."""
    given = wanted.model_dump()
    author = given.pop("author")
    leaving, viewer = parting.Parting(**given), viewer_of(request)
    return _once(request, 201, lambda **by: parting.do_split(viewer, ref, leaving, author=author, **by))


@router.post("/cases/{ref}/move", response={200: CaseShown, **REFUSALS}, **endpoint("cases_move"))
def cases_move(request: HttpRequest, ref: str, wanted: forms.MoveWanted) -> HttpResponse:
    """Put some of its messages into another case of the workspace; answers with that one."""
    leaving, viewer = parting.Parting(wanted.messages, wanted.reason), viewer_of(request)
    return _once(
        request, 200, lambda **by: parting.do_move(viewer, ref, wanted.to, leaving, author=wanted.author, **by)
    )


@router.post("/cases/{ref}/merge", response={200: CaseShown, **REFUSALS}, **endpoint("cases_merge"))
def cases_merge(request: HttpRequest, ref: str, wanted: forms.MergeWanted) -> HttpResponse:
    """Merge the case into another one of the workspace; answers with that one."""
    viewer = viewer_of(request)
    return _once(request, 200, lambda **by: joining.do_merge(viewer, ref, **wanted.model_dump(), **by))


@router.post("/cases/{ref}/unmerge", response={200: CaseShown, **REFUSALS}, **endpoint("cases_unmerge"))
def cases_unmerge(request: HttpRequest, ref: str, wanted: forms.Act) -> HttpResponse:
    """Undo a merge within ten minutes."""
    viewer = viewer_of(request)
    return _once(request, 200, lambda **by: joining.do_unmerge(viewer, ref, **wanted.model_dump(), **by))


@router.post("/cases/{ref}/escalate", response={200: CaseShown, **REFUSALS}, **endpoint("cases_escalate"))
def cases_escalate(request: HttpRequest, ref: str, wanted: forms.Escalate) -> HttpResponse:
    """Call the specialists of a field into the customer's room for this case."""
    viewer = viewer_of(request)
    return _once(request, 200, lambda **by: escalating.do_escalate(viewer, ref, **wanted.model_dump(), **by))


@router.post("/cases/{ref}/deescalate", response={200: CaseShown, **REFUSALS}, **endpoint("cases_deescalate"))
def cases_deescalate(request: HttpRequest, ref: str, wanted: forms.Deescalate) -> HttpResponse:
    """End the escalation to a field, or all of them; who came for it alone leaves the room."""
    viewer = viewer_of(request)
    return _once(request, 200, lambda **by: escalating.do_deescalate(viewer, ref, **wanted.model_dump(), **by))


@router.post("/cases/{ref}/satisfaction", response={200: CaseShown, **REFUSALS}, **endpoint("cases_rate"))
def cases_rate(request: HttpRequest, ref: str, wanted: forms.Rating) -> HttpResponse:
    """Say as a customer whether the resolution helped; the newest word counts."""
    viewer = viewer_of(request)

    def rate(**by: Any) -> Case:
        return satisfaction.do_rate(viewer, ref, wanted.score, author=wanted.author, **by)

    return _once(request, 200, rate)


@router.post("/cases/{ref}/calls", response={201: CaseShown, **REFUSALS}, **endpoint("cases_call"))
def cases_call(request: HttpRequest, ref: str, wanted: forms.CallWanted) -> HttpResponse:
    """Note a phone call about the case."""
    given = wanted.model_dump()
    author, viewer = given.pop("author"), viewer_of(request)
    call = calls.Call(**{**given, "at": wanted.at or clock.now()})
    return _once(request, 201, lambda **by: calls.note_call(viewer, ref, call, author=author, **by))


@router.get("/questions", response={200: forms.Questions, **REFUSALS}, **endpoint("questions_list"))
def questions_list(request: HttpRequest, workspace: str | None = None, answered: bool = False) -> dict[str, Any]:
    """Messages of staff of which nothing says which case they answer, the oldest first; or those that somebody placed."""
    check_query(request, "workspace", "answered")
    found = questions.open_questions(viewer_of(request), workspace=workspace, is_open=not answered)
    return {"items": questions.shown(found), "next": None}


@router.post("/questions/{id}/answer", response={200: forms.Question, **REFUSALS}, **endpoint("questions_answer"))
def questions_answer(request: HttpRequest, id: int, wanted: forms.QuestionAnswer) -> HttpResponse:
    """Say which case the message answers. It counts at the message's own time."""
    check_query(request)
    if (wanted.case is None) != wanted.none:
        raise Invalid("Give the case that the message answers, or `none`; one of both.", field="case")
    viewer, actor, now = viewer_of(request), actor_of(request), clock.now()

    def act() -> tuple[int, Any]:
        done = questions.do_answer(viewer, id, ref=wanted.case, author=wanted.author, actor=actor, now=now)
        return 200, questions.shown([done])[0]

    return answer_once(request, now, act)
