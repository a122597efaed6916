"""What staff can do with a case from its page: which forms are offered, and what each does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from django.http import QueryDict

from roomdesk.cases import changing, joining, parting, untriaging
from roomdesk.cases.chosen import SPEECH
from roomdesk.cases.models import Case
from roomdesk.cases.queries import access_cases
from roomdesk.directory.errors import Invalid
from roomdesk.directory.queries import staff_of
from roomdesk.product.queries import newest, product_of
from roomdesk.record.models import Message
from roomdesk.rules.case_states import MOVES
from roomdesk.web.console.guard import Reader
from roomdesk.web.console.present import plain

Options = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A form as it was sent."""

    act: str
    given: Mapping[str, str]
    messages: tuple[str, ...]

    @classmethod
    def of(cls, post: QueryDict) -> Wanted:
        clean = {name: str(post.get(name, "")).replace("\0", "").strip() for name in post}
        return cls(clean.get("act", ""), clean, tuple(one.replace("\0", "") for one in post.getlist("messages")))

    def words(self) -> tuple[str, ...]:
        """Everything that makes it the same request or another one."""
        asked = sorted((k, v) for k, v in self.given.items() if k not in ("key", "csrfmiddlewaretoken", "messages"))
        return (*(word for pair in asked for word in pair), *self.messages)


@dataclass(frozen=True, slots=True)
class Refused:
    """A form that was refused, to be drawn again as it was filled in, with the sentence beside `field`."""

    wanted: Wanted
    sentence: str
    field: str | None


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form. `kind` is select, text, area, check or checks (of several)."""

    name: str
    label: str
    kind: str = "text"
    value: str = ""
    options: Options = ()
    chosen: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """One act. Without fields it is a button alone; `is_open` and `problem` where it was just refused."""

    act: str
    words: str
    fields: tuple[Field, ...] = ()
    hint: str = ""
    is_open: bool = False
    problem: str = ""
    #: The browser's own shortcut for the button; it needs a modifier, so it disturbs nobody.
    shortcut: str = ""


_REASON = Field("reason", "Reason")
_HOURS: Options = (("1", "1 hour"), ("4", "4 hours"), ("24", "1 day"), ("72", "3 days"), ("168", "1 week"))
_LONGEST = 60


def offered(reader: Reader, case: Case, messages: Sequence[Message], refused: Refused | None) -> list[Form]:
    """The forms that the case's state allows; one that was refused is there in any case. Three queries at most."""
    mine = case.assignee_id == reader.person.pk
    take = () if mine or case.state not in Case.OPEN else (Form("take", "Take it"),)
    undo = (Form("untriage", "Undo triage", shortcut="u"),) if untriaging.may_undo(case) else ()
    forms = [*take, *_moves(case), *undo, *(_changes(reader, case, messages) if case.state in Case.OPEN else ())]
    if refused is None:
        return forms
    found = [_filled(form, refused) if form.act == refused.wanted.act else form for form in forms]
    has_it = any(form.act == refused.wanted.act for form in forms)
    return found if has_it else [Form(refused.wanted.act, "", is_open=True, problem=refused.sentence), *found]


def _moves(case: Case) -> Iterable[Form]:
    can = MOVES[case.state]
    words = {
        "acknowledged": Form("acknowledged", "Acknowledge"),
        "investigating": Form("investigating", "Go on" if case.state.startswith("waiting") else "Investigate"),
        "waiting_customer": Form("waiting_customer", "Wait for the customer"),
        "waiting_third_party": Form("waiting_third_party", "Wait for a third party"),
        "resolved": Form("resolved", "Resolve", _RESOLUTION),
        "closed": Form("closed", "Close"),
    }
    yield from (form for state, form in words.items() if state in can)
    if case.state in (Case.State.RESOLVED, Case.State.CLOSED):
        yield Form("reopen", "Reopen", (_REASON,), "A new cycle; its first response begins when the customer speaks.")
    if case.state == Case.State.MERGED:
        yield Form("unmerge", "Undo the merge")


_RESOLUTION = (
    Field("fix", "Immediate fix", "area"),
    Field("root_cause", "Root cause", "area"),
    Field("root_cause_unknown", "Nobody knows the root cause", "check"),
)


def _changes(reader: Reader, case: Case, messages: Sequence[Message]) -> Iterable[Form]:
    yield from _classes(case)
    yield Form("assign", "Assign", (_assignee(reader, case),))
    if case.snoozed_until:
        yield Form("wake", "End the snooze")
    yield Form("snooze", "Snooze", (Field("hours", "For", "select", options=_HOURS),), "Ends when the customer writes.")
    others = access_cases(reader.viewer).filter(workspace=case.workspace, state__in=Case.OPEN).exclude(pk=case.pk)
    refs = [(other.ref, f"{other.ref} {reader.title(other)}"[:_LONGEST]) for other in others.order_by("-pk")[:50]]
    if refs:
        hint = "Can be undone within ten minutes."
        yield Form("merge", "Merge into", (Field("into", "Case", "select", options=refs), _REASON), hint)
    chosen = [(str(one.pk), f"{one.at:%d %b %H:%M} {_line(one)}") for one in messages if one.kind in SPEECH]
    if len(chosen) > 1:
        yield Form("split", "Split", (Field("messages", "Messages", "checks", options=chosen[-50:]), _REASON))


def _line(message: Message) -> str:
    author = message.author.name if message.author else message.author_ref
    text = "(removed)" if message.redacted_at else " ".join((message.edited_body or message.body).split())
    return f"{author}: {text[:_LONGEST]}{'…' if len(text) > _LONGEST else ''}"


def _classes(case: Case) -> Iterable[Form]:
    """Severities and kinds of the version that the present cycle was promised by."""
    pinned = case.cycles.filter(number=case.cycle).values_list("product_version", flat=True).first()
    product = product_of(pinned or newest([case.product])[case.product].pk)
    severities = [(slug, plain(slug)) for slug in product.severity_slugs]
    kinds = [(slug, plain(slug)) for slug in product.kinds]
    reason = replace(_REASON, label="Reason (needed to lower it)")
    yield Form("severity", "Severity", (Field("severity", "Severity", "select", case.severity, severities), reason))
    yield Form("kind", "Kind", (Field("kind", "Kind", "select", case.kind, kinds), _REASON))


def _assignee(reader: Reader, case: Case) -> Field:
    staff = {one.slug: one.name for people in staff_of(case.product, reader.now).values() for one in people}
    options = [("", "nobody"), *sorted(staff.items(), key=lambda pair: pair[1])]
    return Field("assignee", "To", "select", case.assignee.slug if case.assignee else "", options)


def _filled(form: Form, refused: Refused) -> Form:
    given, told = refused.wanted.given, refused.field
    fields = tuple(
        replace(
            one,
            value=given.get(one.name, ""),
            chosen=refused.wanted.messages if one.kind == "checks" else (),
            problem=refused.sentence if one.name == told else "",
        )
        for one in form.fields
    )
    beside = any(one.problem for one in fields)
    return replace(form, fields=fields, is_open=True, problem="" if beside else refused.sentence)


def do(reader: Reader, case: Case, wanted: Wanted) -> str:
    """Does it, as the person who looks; gives the reference of the case to go on with."""
    action = _ACTIONS.get(wanted.act)
    if action is None:
        raise Invalid("This page has no such button; load it again.", field="act")
    return action(_Doing(reader, case.ref, wanted.given, wanted.messages)).ref


@dataclass(frozen=True, slots=True)
class _Doing:
    reader: Reader
    ref: str
    given: Mapping[str, str]
    messages: Sequence[str] = field(default=())

    @property
    def by(self) -> dict[str, Any]:
        return {"author": self.reader.viewer.name, "actor": self.reader.actor, "now": self.reader.now}

    def text(self, name: str) -> str:
        return self.given.get(name, "")

    def change(self, **what: Any) -> Case:
        change = changing.Change(reason=self.text("reason"), **what)
        return changing.do_change(self.reader.viewer, self.ref, change, **self.by)


def _state(state: str) -> Callable[[_Doing], Case]:
    return lambda doing: doing.change(state=state)


def _resolve(doing: _Doing) -> Case:
    unknown = bool(doing.text("root_cause_unknown"))
    fix, cause = doing.text("fix"), doing.text("root_cause")
    return doing.change(state="resolved", fix=fix, root_cause=cause, root_cause_unknown=unknown)


def _snooze(doing: _Doing) -> Case:
    hours = doing.text("hours")
    if hours not in dict(_HOURS):
        raise Invalid("Choose for how long.", field="hours")
    return doing.change(snoozed_until=doing.reader.now + timedelta(hours=int(hours)))


def _reopen(doing: _Doing) -> Case:
    return changing.do_reopen(doing.reader.viewer, doing.ref, reason=doing.text("reason"), **doing.by)


def _merge(doing: _Doing) -> Case:
    if not doing.text("into"):
        raise Invalid("Choose the case that goes on.", field="into")
    viewer, reason = doing.reader.viewer, doing.text("reason")
    return joining.do_merge(viewer, doing.ref, doing.text("into"), reason=reason, **doing.by)


def _unmerge(doing: _Doing) -> Case:
    return joining.do_unmerge(doing.reader.viewer, doing.ref, **doing.by)


def _split(doing: _Doing) -> Case:
    ids = [int(one) for one in doing.messages if one.isascii() and one.isdecimal() and len(one) < 19]
    if not ids:
        raise Invalid("Choose the messages that become a case of their own.", field="messages")
    leaving = parting.Parting(ids, doing.text("reason"))
    return parting.do_split(doing.reader.viewer, doing.ref, leaving, **doing.by)


_ACTIONS: Mapping[str, Callable[[_Doing], Case]] = {
    **{state: _state(state) for state in MOVES if state not in ("new", "deflected", "merged", "resolved")},
    "resolved": _resolve,
    "take": lambda doing: doing.change(assignee=doing.reader.viewer.name),
    "assign": lambda doing: doing.change(assignee=doing.text("assignee") or None),
    "severity": lambda doing: doing.change(severity=doing.text("severity")),
    "kind": lambda doing: doing.change(kind=doing.text("kind")),
    "snooze": _snooze,
    "untriage": lambda doing: untriaging.do_undo(doing.reader.viewer, doing.ref, **doing.by),
    "wake": lambda doing: doing.change(snoozed_until=None),
    "reopen": _reopen,
    "merge": _merge,
    "unmerge": _unmerge,
    "split": _split,
}
