"""The page Attention: which case an answer belongs to (D10), and what staff were told of clocks and have not seen yet (D18)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from roomdesk.cases import questions
from roomdesk.cases.models import Case
from roomdesk.cases.queries import access_cases
from roomdesk.clocks import queries, seeing
from roomdesk.clocks.models import Clock, Notice
from roomdesk.clocks.pace import zone_of
from roomdesk.directory.models import Person
from roomdesk.directory.queries import is_present
from roomdesk.directory.services.availability import do_set_availability
from roomdesk.product.queries import office_zones
from roomdesk.refusals import DeskError, Invalid
from roomdesk.rules.clock_steps import BREACH
from roomdesk.web.console.clock_words import NAMES, moment, span
from roomdesk.web.console.guard import RESTRICTED, Reader, frame, staff_only
from roomdesk.web.console.present import STATES
from roomdesk.web.portal.refusals import told as in_words

#: Notices on one page; the ones before come when these have been seen.
MOST = 100


@dataclass(frozen=True, slots=True)
class Question:
    """A message of staff of which nothing says which case it answers. `choices` are references with titles."""

    id: int
    workspace: str
    author: str
    text: str | None
    at: str
    ago: str
    choices: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Told:
    """The last that was told of a clock, in words; `ids` are its notices, also those before.

    `tone` is soon, late or aim; `since` says what has become of the clock since.
    """

    ids: str
    ref: str
    title: str
    workspace: str
    assignee: str
    tone: str
    words: str
    at: str
    since: str


@dataclass(frozen=True, slots=True)
class Digest:
    """What was told late and together after a downtime: one block."""

    key: str
    at: str
    items: list[Told] = field(default_factory=list)

    @property
    def ids(self) -> str:
        return ",".join(item.ids for item in self.items)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def attention(request: HttpRequest, reader: Reader) -> HttpResponse:
    """The page; POST answers a question (`answer`: id, colon, reference or `none`), notes notices as seen (`seen`: ids), or says whether one is there (`presence`)."""
    problem, status = "", 200
    if request.method == "POST":
        try:
            _do(request, reader)
            return HttpResponseRedirect(reverse("console:attention"))
        except DeskError as error:
            problem, status = in_words(error), error.status
    return render(request, "console/attention.html", {**_told(reader), "problem": problem}, status=status)


def _do(request: HttpRequest, reader: Reader) -> None:
    answer, seen, presence = (request.POST.get(name) for name in ("answer", "seen", "presence"))
    if answer is not None:
        _answer(reader, *answer.replace("\0", "").partition(":")[::2])
    elif presence in ("here", "away"):
        is_here = presence == "here"
        do_set_availability(reader.person.slug, is_present=is_here, actor=reader.actor, now=reader.now)
    elif seen is not None:
        for one in seen.split(",")[:MOST]:
            seeing.do_acknowledge(reader.viewer, _number(one), person=reader.person, actor=reader.actor, now=reader.now)
    else:
        raise Invalid(_("This page has no such button; load it again."))


def _answer(reader: Reader, question: str, ref: str) -> None:
    """Either of two who answer at once is told what the other said."""
    given = None if ref == "none" else ref
    name = reader.viewer.name
    questions.do_answer(reader.viewer, _number(question), ref=given, author=name, actor=reader.actor, now=reader.now)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Invalid(_("This page has no such button; load it again."))
    return int(text)


def _told(reader: Reader) -> dict[str, Any]:
    """Everything on the page. How much there is costs no more queries."""
    asked = questions.open_questions(reader.viewer)
    page = queries.notices(reader.viewer, person=reader.person, at=reader.now, unseen=True, limit=MOST)
    told, digests = _sorted_out(page.items, reader)
    return {
        **frame(reader),
        "is_present": is_present(reader.person),
        "questions": _questions(asked, reader),
        "notices": told,
        "digests": digests,
        "is_cut": page.next is not None,
    }


def _questions(asked: list[questions.Question], reader: Reader) -> list[Question]:
    refs = {ref for question in asked for ref in question.choices}
    cases = access_cases(reader.viewer).filter(ref__in=refs)
    titles = {case.ref: reader.title(case) for case in cases} if refs else {}
    zones = office_zones(question.workspace.product for question in asked)
    told = questions.shown(asked)
    people = Person.objects.filter(slug__in={said["author"] for said in told}) if told else ()
    names = {person.slug: person.name for person in people}
    return [
        Question(
            id=question.pk,
            workspace=question.workspace.display_name,
            author=names.get(said["author"], said["author"]),
            text=said["text"],
            at=moment(question.at, zones[question.workspace.product], reader.now),
            ago=span(reader.now - question.at),
            choices=[(ref, titles.get(ref, RESTRICTED)) for ref in question.choices],
        )
        for question, said in zip(asked, told, strict=True)
    ]


def _sorted_out(notices: Sequence[Notice], reader: Reader) -> tuple[list[Told], list[Digest]]:
    """Those told in time, what is late first; and the others by their digest."""
    told: list[Told] = []
    digests: dict[datetime, Digest] = {}
    for same in _by_clock(notices):
        if (digest := same[0].digest) is None:
            told.append(_words(same, reader))
            continue
        at = moment(digest, zone_of(same[0].clock), reader.now)
        block = digests.setdefault(digest, Digest(f"{digest:%Y%m%d%H%M}", at))
        block.items.append(_words(same, reader))
    return sorted(told, key=lambda one: one.tone != "late"), list(digests.values())


def _by_clock(notices: Sequence[Notice]) -> list[list[Notice]]:
    """The notices of each clock, the newest first: what was told before it is overtaken by it."""
    found: dict[int, list[Notice]] = {}
    for notice in notices:
        found.setdefault(notice.clock_id, []).append(notice)
    return list(found.values())


def _words(same: Sequence[Notice], reader: Reader) -> Told:
    notice = same[0]
    clock, case = notice.clock, notice.clock.case
    tone = ("aim" if clock.is_soft else "late") if notice.step >= BREACH else "soon"
    zone = zone_of(clock)
    return Told(
        ids=",".join(str(one.pk) for one in same),
        ref=case.ref,
        title=reader.title(case),
        workspace=case.workspace.display_name,
        assignee=case.assignee.name if case.assignee else _("nobody yet"),
        tone=tone,
        words=_("%(clock)s: %(step)s (due %(due)s)")
        % {"clock": NAMES[clock.kind], "step": _step(notice, tone), "due": moment(notice.due_at, zone, reader.now)},
        at=moment(notice.told_at, zone, reader.now),
        since=_since(clock, case),
    )


def _step(notice: Notice, tone: str) -> str:
    used = _("%(step)s %% of the time is used") % {"step": notice.step}
    return {"late": _("late"), "aim": _("past our aim")}.get(tone, used)


def _since(clock: Clock, case: Case) -> str:
    if clock.state == Clock.State.CANCELLED:
        return _("no longer measured")
    if clock.stopped_at is not None:
        return _("answered since") if clock.kind == Clock.Kind.FIRST_RESPONSE else _("done since")
    return "" if case.state in Case.OPEN else _("%(state)s since") % {"state": str(STATES[case.state]).lower()}
