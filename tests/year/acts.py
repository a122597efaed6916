"""What people do in a matter: customers and engineers in the room, engineers in console and command line.

Each act plans the next one. Where the case is not open any more, was merged or never began, the act comes to nothing.
"""

from __future__ import annotations

from roomdesk.audit.work import Actor
from roomdesk.cases import calls, changing, joining, parting, questions
from roomdesk.cases.calls import Call
from roomdesk.cases.changing import Change
from roomdesk.cases.models import Case
from roomdesk.record.models import Message
from roomdesk.runtime import clock
from tests.year import schedule
from tests.year.chances import ANSWERS, HOUR, answered_after, office, soon, trouble, worked_after
from tests.year.desk import EVERYBODY, Desk, Happens, Matter
from tests.year.place import ENGINEERS
from tests.year.speech import in_room, opens, says

FIXED = {"fix": "Restarted the queue", "root_cause": "A full disk"}
KINDS = ("incident", "question", "alert", "feature_request", "module", "other", "security")
#: What else is done in a case before it is resolved, and how often.
MIDDLE = {
    "waits": 26, "severity": 20, "kind": 9, "assigns": 14, "customer": 14, "answers": 16, "third": 5,
    "splits": 5, "merges": 7, "moves": 3, "rings": 4, "snoozes": 3, "toggles": 5,
}  # fmt: skip


def begins(matter: Matter) -> Happens:
    """The customer writes for the first time, or staff begin the case."""

    def happens(desk: Desk) -> None:
        rng, text = matter.rng, trouble(matter.rng)
        if not matter.place.room or rng.random() < 0.03:
            by_staff = rng.random() < 0.15
            author = rng.choice(ENGINEERS) if by_staff else matter.author
            opens(desk, matter, "ivan" if matter.place.room else author, text)
        else:
            matter.root = matter.event_id()
            in_room(desk, matter, matter.author, text, matter.root)
        if rng.random() < 0.25:
            desk.plan(desk.now + rng.randrange(3 * HOUR), customer(matter))
        if rng.random() < 0.2:
            desk.plan(desk.now + rng.randrange(2 * HOUR), assigns(matter, then=False))
        desk.plan(office(desk.now + answered_after(rng), rng, 0.8), answers(matter))

    return happens


def _by(rng_author: str) -> dict[str, object]:
    return {"author": rng_author, "actor": Actor("staff", rng_author), "now": clock.now()}


def _change(desk: Desk, case: Case, matter: Matter, what: str, **given: object) -> Case | None:
    author = matter.rng.choice(ENGINEERS)
    found: Case | None = desk.attempt(what, changing.do_change, EVERYBODY, case.ref, Change(**given), **_by(author))  # type: ignore[arg-type]
    return found


def _goes_on(desk: Desk, matter: Matter) -> None:
    """What comes next in an open case: something in between, or its end."""
    rng = matter.rng
    verbs, weights = list(MIDDLE), list(MIDDLE.values())
    name = rng.choices(verbs, weights)[0] if rng.random() < 0.42 else "resolves"
    desk.plan(office(desk.now + worked_after(rng), rng), globals()[name](matter))


def _open_case(desk: Desk, matter: Matter) -> Case | None:
    """The matter's case while it can be worked on. Sometimes what was said last is heard before, sometimes only after."""
    if matter.rng.random() < 0.4:
        desk.hear_now()
    case = desk.case_of(matter)
    return case if case is not None and case.state in Case.OPEN else None


def answers(matter: Matter) -> Happens:
    """An engineer answers in public, mostly in the thread."""

    def happens(desk: Desk) -> None:
        case, rng = _open_case(desk, matter), matter.rng
        if case is None:
            return
        says(desk, matter, case, rng.choice(ENGINEERS), rng.choice(ANSWERS), threaded=rng.random() < 0.85)
        if rng.random() < 0.1:
            desk.plan(desk.now + rng.randrange(HOUR), decides(matter))
        _goes_on(desk, matter)

    return happens


def decides(matter: Matter) -> Happens:
    """Staff say which case an answer belongs to of which nothing tells (D10)."""

    def happens(desk: Desk) -> None:
        desk.hear_now()
        for question in questions.open_questions(EVERYBODY, workspace=matter.place.slug)[:3]:
            ref = matter.rng.choice([*question.choices, None])
            desk.attempt("decide", questions.do_answer, EVERYBODY, question.pk, ref=ref, **_by("ina"))

    return happens


def customer(matter: Matter) -> Happens:
    """The customer writes again: mostly more of the matter, sometimes only thanks."""

    def happens(desk: Desk) -> None:
        case = desk.case_of(matter)
        if case is None or case.state not in (*Case.OPEN, "resolved"):
            return
        text = "Thanks!" if matter.rng.random() < 0.15 else "There is more: it is the whole list."
        person = matter.author if matter.rng.random() < 0.7 else matter.rng.choice(matter.place.people)
        says(desk, matter, case, person, text, threaded=matter.rng.random() < 0.9)
        if case.state in Case.OPEN and matter.rng.random() < 0.5:
            _goes_on(desk, matter)

    return happens


def waits(matter: Matter) -> Happens:
    """Staff wait for the customer, who answers some time, or staff go on without."""

    def happens(desk: Desk) -> None:
        case, rng = _open_case(desk, matter), matter.rng
        if case is None:
            return
        _change(desk, case, matter, "wait", state="waiting_customer")
        if rng.random() < 0.4:
            says(desk, matter, case, rng.choice(ENGINEERS), "Which version is it?")
        if rng.random() < 0.75:
            desk.plan(office(desk.now + worked_after(rng), rng, 0.7), customer(matter))
        desk.plan(office(desk.now + worked_after(rng) + schedule.DAY, rng), investigates(matter))

    return happens


def investigates(matter: Matter) -> Happens:
    return _simple(matter, "go on", lambda case: {"state": "investigating"})


def third(matter: Matter) -> Happens:
    return _simple(matter, "third party", lambda case: {"state": "waiting_third_party"})


def kind(matter: Matter) -> Happens:
    return _simple(matter, "kind", lambda case: {"kind": matter.rng.choice(KINDS)})


def severity(matter: Matter) -> Happens:
    known = ("critical", "critical", "high", "normal", "normal", "feature")
    return _simple(matter, "severity", lambda case: {"severity": matter.rng.choice(known), "reason": "Seen closer"})


def toggles(matter: Matter, there: int = 2) -> Happens:
    """Severity up and, minutes or hours later, back again; mostly once more."""

    def happens(desk: Desk) -> None:
        case = _open_case(desk, matter)
        if case is None:
            return
        given = "critical" if there % 2 == 0 else "normal"
        _change(desk, case, matter, "toggle", severity=given, reason="Seen closer")
        if there and (there > 1 or matter.rng.random() < 0.6):
            desk.plan(desk.now + matter.rng.randrange(schedule.MINUTE, 5 * HOUR), toggles(matter, there - 1))
        else:
            _goes_on(desk, matter)

    return happens


def assigns(matter: Matter, *, then: bool = True) -> Happens:
    who = (*ENGINEERS, *ENGINEERS, None)
    return _simple(matter, "assign", lambda case: {"assignee": matter.rng.choice(who)}, then=then)


def snoozes(matter: Matter) -> Happens:
    def until(case: Case) -> dict[str, object]:
        return {"snoozed_until": schedule.instant(desk_time() + matter.rng.randrange(HOUR, 3 * schedule.DAY))}

    return _simple(matter, "snooze", until)


def desk_time() -> int:
    return schedule.micros(clock.now())


def _simple(matter: Matter, what: str, given, *, then: bool = True) -> Happens:  # type: ignore[no-untyped-def]
    def happens(desk: Desk) -> None:
        case = _open_case(desk, matter)
        if case is not None:
            _change(desk, case, matter, what, **given(case))
        if then and case is not None:
            _goes_on(desk, matter)

    return happens


def rings(matter: Matter) -> Happens:
    """A call, noted a while after it was made."""

    def happens(desk: Desk) -> None:
        case, rng = _open_case(desk, matter), matter.rng
        if case is None:
            return
        at = max(schedule.micros(case.opened_at), desk.now - rng.randrange(HOUR))
        call = Call(
            rng.choice(("inbound", "outbound")), rng.random() < 0.7, schedule.instant(at), rng.choice(("", "Told"))
        )
        desk.attempt("call", calls.note_call, EVERYBODY, case.ref, call, **_by(rng.choice(ENGINEERS)))
        _goes_on(desk, matter)

    return happens


def splits(matter: Matter) -> Happens:
    """The customer's last message becomes a case of its own, which goes on like any other."""

    def happens(desk: Desk) -> None:
        case, rng = _open_case(desk, matter), matter.rng
        if case is None:
            return
        ids = _later_messages(case, "customer")
        if ids:
            some = [*ids[-1:], *_later_messages(case, "staff")[-rng.randrange(2) :][:1]]
            parted = parting.Parting(some, "Another matter", rng.choice((None, None, "critical", "normal")))
            made = desk.attempt("split", parting.do_split, EVERYBODY, case.ref, parted, **_by("petar"))
            if made:
                first = Message.objects.filter(pk=ids[-1]).values_list("external_id", flat=True)[0]
                other = Matter(matter.number, matter.place, matter.author, rng, first, made.pk, matter.said + 1000)
                desk.plan(office(desk.now + answered_after(rng), rng), answers(other))
        _goes_on(desk, matter)

    return happens


def _later_messages(case: Case, kind: str) -> list[int]:
    """Those of a kind of author, without the customer's first, in order."""
    rows = Message.objects.filter(case=case, author_kind=kind, kind="message").order_by("at", "id")
    found = list(rows.values_list("pk", flat=True))
    return found[1:] if kind == "customer" else found


def _beside(case: Case, matter: Matter) -> Case | None:
    """Another open case of the workspace."""
    others = list(
        Case.objects.filter(workspace=case.workspace_id, state__in=Case.OPEN).exclude(pk=case.pk).order_by("pk")
    )
    return matter.rng.choice(others) if others else None


def moves(matter: Matter) -> Happens:
    """An answer turns out to be one in another case."""

    def happens(desk: Desk) -> None:
        case = _open_case(desk, matter)
        other, said = (_beside(case, matter), _later_messages(case, "staff")) if case else (None, [])
        if case and other and said:
            parted = parting.Parting([matter.rng.choice(said)], "Wrong thread")
            desk.attempt("move", parting.do_move, EVERYBODY, case.ref, other.ref, parted, **_by("petar"))
        if case:
            _goes_on(desk, matter)

    return happens


def merges(matter: Matter) -> Happens:
    """Merged with another open case; every second merge is undone at once."""

    def happens(desk: Desk) -> None:
        case = _open_case(desk, matter)
        other = _beside(case, matter) if case else None
        if case and other:
            merged = desk.attempt("merge", joining.do_merge, EVERYBODY, case.ref, other.ref, **_by("lena"))
            if merged and matter.rng.random() < 0.5:
                desk.plan(desk.now + soon(matter.rng), unmerges(matter))
        elif case:
            _goes_on(desk, matter)

    return happens


def unmerges(matter: Matter) -> Happens:
    def happens(desk: Desk) -> None:
        case = desk.case_of(matter)
        if case is not None:
            desk.attempt("unmerge", joining.do_unmerge, EVERYBODY, case.ref, **_by("lena"))
            _goes_on(desk, matter)

    return happens


def resolves(matter: Matter) -> Happens:
    """Resolved; some of these are not, and begin another cycle."""

    def happens(desk: Desk) -> None:
        case, rng = _open_case(desk, matter), matter.rng
        if case is None:
            return
        _change(desk, case, matter, "resolve", state="resolved", **FIXED)
        again = rng.random()
        if again < 0.13:
            desk.plan(office(desk.now + worked_after(rng), rng), comes_back(matter))
        elif again < 0.18:
            desk.plan(office(desk.now + worked_after(rng), rng), reopens(matter))
        elif again < 0.3:
            desk.plan(desk.now + rng.randrange(HOUR), customer(matter))

    return happens


def comes_back(matter: Matter) -> Happens:
    """The customer reopens it by writing in its thread."""

    def happens(desk: Desk) -> None:
        case = desk.case_of(matter)
        if case is not None and matter.cycles < 3:
            matter.cycles += 1
            says(desk, matter, case, matter.author, "It is back.")
            desk.plan(office(desk.now + answered_after(matter.rng), matter.rng), answers(matter))

    return happens


def reopens(matter: Matter) -> Happens:
    """Staff reopen it; the customer may speak in it later, or never."""

    def happens(desk: Desk) -> None:
        case, rng = desk.case_of(matter), matter.rng
        if case is None or matter.cycles >= 3:
            return
        matter.cycles += 1
        desk.attempt("reopen", changing.do_reopen, EVERYBODY, case.ref, reason="Not solved", **_by("ina"))
        if rng.random() < 0.6:
            desk.plan(desk.now + rng.randrange(schedule.DAY), customer(matter))
        desk.plan(office(desk.now + answered_after(rng), rng), answers(matter))

    return happens
