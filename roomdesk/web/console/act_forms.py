"""What staff can do with a case from its page: the forms that are offered, and drawn again as they were filled in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.http import QueryDict
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from roomdesk.cases import untriaging
from roomdesk.cases.attaching import Upload
from roomdesk.cases.chosen import SPEECH
from roomdesk.cases.linking import Others
from roomdesk.cases.macros import Offer
from roomdesk.cases.models import Case
from roomdesk.cases.queries import access_names
from roomdesk.directory.models import Person
from roomdesk.directory.queries import specialists_at, staff_of
from roomdesk.product.queries import newest, product_of
from roomdesk.record.models import Message
from roomdesk.rules.case_states import MOVES
from roomdesk.web.console.guard import Reader
from roomdesk.web.console.present import plain
from roomdesk.web.uploads import words_of

#: Words, in the language of whoever reads them.
Words = str | Promise
Options = Sequence[tuple[str, Words]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A form as it was sent."""

    act: str
    given: Mapping[str, str]
    messages: tuple[str, ...]
    uploads: tuple[Upload, ...] = ()

    @classmethod
    def of(cls, post: QueryDict, uploads: Iterable[Upload] = ()) -> Wanted:
        clean = {name: str(post.get(name, "")).replace("\0", "").strip() for name in post}
        return cls(
            clean.get("act", ""),
            clean,
            tuple(one.replace("\0", "") for one in post.getlist("messages")),
            tuple(uploads),
        )

    def words(self) -> tuple[str, ...]:
        """Everything that makes it the same request or another one."""
        asked = sorted((k, v) for k, v in self.given.items() if k not in ("key", "csrfmiddlewaretoken", "messages"))
        return (*(word for pair in asked for word in pair), *self.messages, *words_of(self.uploads))


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
    label: Words
    kind: str = "text"
    value: str = ""
    options: Options = ()
    chosen: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """One act. Without fields it is a button alone; `is_open` and `problem` where it was just refused."""

    act: str
    words: Words
    fields: tuple[Field, ...] = ()
    hint: Words = ""
    is_open: bool = False
    problem: str = ""
    #: The browser's own shortcut for the button; it needs a modifier, so it disturbs nobody.
    shortcut: str = ""


_REASON = Field("reason", _("Reason"))
HOURS: Options = (
    ("1", _("1 hour")),
    ("4", _("4 hours")),
    ("24", _("1 day")),
    ("72", _("3 days")),
    ("168", _("1 week")),
)
_LONGEST = 60
_MACRO = 160


@dataclass(frozen=True, slots=True)
class Around:
    """A case with what the page knows of it already. `called`: the fields to which it is escalated; `version`: that its present cycle was promised by."""

    reader: Reader
    case: Case
    messages: Sequence[Message]
    others: Others
    called: Sequence[str]
    canned: Sequence[Offer]
    version: int | None


def offered(around: Around, refused: Refused | None) -> list[Form]:
    """The forms that the case's state allows; one that was refused is there in any case. Six queries at most."""
    reader, case = around.reader, around.case
    mine = case.assignee_id == reader.person.pk
    take = () if mine or case.state not in Case.OPEN else (Form("take", _("Take it")),)
    undo = (Form("untriage", _("Undo triage"), shortcut="u"),) if untriaging.may_undo(case) else ()
    forms = [*take, _NOTE, *_moves(around), *undo, *(_changes(around) if case.state in Case.OPEN else ())]
    if refused is None:
        return forms
    found = [_filled(form, refused) if form.act == refused.wanted.act else form for form in forms]
    has_it = any(form.act == refused.wanted.act for form in forms)
    return found if has_it else [Form(refused.wanted.act, "", is_open=True, problem=refused.sentence), *found]


_NOTE = Form(
    "note",
    _("Note"),
    (Field("text", _("Internal note"), "area"),),
    _("Internal: staff read it here, and no room hears of it."),
)


def _moves(around: Around) -> Iterable[Form]:
    case = around.case
    can = MOVES[case.state]
    words = {
        "acknowledged": Form("acknowledged", _("Acknowledge")),
        "investigating": Form("investigating", _("Go on") if case.state.startswith("waiting") else _("Investigate")),
        "waiting_customer": Form("waiting_customer", _("Wait for the customer")),
        "waiting_third_party": Form("waiting_third_party", _("Wait for a third party")),
        "resolved": _resolve(around.others),
        "closed": Form("closed", _("Close")),
    }
    yield from (form for state, form in words.items() if state in can)
    if case.state in (Case.State.RESOLVED, Case.State.CLOSED):
        yield Form(
            "reopen", _("Reopen"), (_REASON,), _("A new cycle; its first response begins when the customer speaks.")
        )
    if case.state == Case.State.MERGED:
        yield Form("unmerge", _("Undo the merge"))


def _resolve(others: Others) -> Form:
    along = [other.ref for other in others.attached if other.state in Case.OPEN]
    if not along:
        return Form("resolved", _("Resolve"), _RESOLUTION)
    alone = Field("alone", _("This case alone"), "check")
    return Form(
        "resolved",
        _("Resolve"),
        (*_RESOLUTION, alone),
        gettext("Resolves %(refs)s with it.") % {"refs": ", ".join(along)},
    )


_RESOLUTION = (
    Field("fix", _("Immediate fix"), "area"),
    Field("root_cause", _("Root cause"), "area"),
    Field("root_cause_unknown", _("Nobody knows the root cause"), "check"),
)


def _changes(around: Around) -> Iterable[Form]:
    reader, case, messages = around.reader, around.case, around.messages
    yield from _classes(case, around.version)
    yield Form("assign", _("Assign"), (_assignee(reader, case),))
    yield from _escalations(reader, case, around.called)
    yield from _macros(around.canned)
    yield from _others(case, around.others)
    if case.snoozed_until:
        yield Form("wake", _("End the snooze"))
    hint = _("Ends when the customer writes.")
    if case.state.startswith("waiting"):
        hint = _("It waits until then at most and goes on, earlier when the customer writes.")
    yield Form("snooze", _("Snooze"), (Field("hours", _("For"), "select", options=HOURS),), hint)
    others = access_names(reader.viewer).filter(workspace=case.workspace, state__in=Case.OPEN).exclude(pk=case.pk)
    refs = [(other.ref, f"{other.ref} {reader.title(other)}"[:_LONGEST]) for other in others.order_by("-pk")[:50]]
    if refs:
        hint = _("Can be undone within ten minutes.")
        yield Form("merge", _("Merge into"), (Field("into", _("Case"), "select", options=refs), _REASON), hint)
    chosen = [(str(one.pk), f"{date_format(one.at, 'd M H:i')} {_line(one)}") for one in messages if one.kind in SPEECH]
    checks = Field("messages", _("Messages"), "checks", options=chosen[-50:])
    if refs and chosen:
        hint = _("They count there at their own time.")
        yield Form(
            "move", _("Move messages"), (checks, Field("to", _("To the case"), "select", options=refs), _REASON), hint
        )
    if len(chosen) > 1:
        yield Form("split", _("Split"), (checks, _REASON))


def _escalations(reader: Reader, case: Case, called: Sequence[str]) -> Iterable[Form]:
    """Fields that somebody is a specialist of, but for those to which it is escalated; these can be ended."""
    people = specialists_at(case.product, reader.now)
    fields = [(field, f"{plain(field)} ({_names(people[field])})") for field in sorted(people) if field not in called]
    if fields:
        hint = _("They come into the customer's room, and leave it when the case is resolved.")
        yield Form("escalate", _("Escalate"), (Field("field", _("To"), "select", options=fields), _REASON), hint)
    if called:
        options = [(field, plain(field)) for field in called]
        yield Form("deescalate", _("End escalation"), (Field("field", _("To"), "select", options=options), _REASON))


def _macros(found: Sequence[Offer]) -> Iterable[Form]:
    """Canned answers, as they would be said here."""
    options = [(one.slug, f"{plain(one.slug)}: {one.text}"[:_MACRO]) for one in found]
    if options:
        asks = sorted({name for one in found for name in one.asks})
        values = (
            Field("values", gettext("Values (%(names)s)") % {"names": ", ".join(f"{name}=…" for name in asks)})
            if asks
            else None
        )
        fields = (Field("macro", _("Answer"), "select", options=options), *([values] if values else []))
        yield Form(
            "macro", _("Say a macro"), fields, _("Goes to the customer as your answer, in the customer's language.")
        )


def _others(case: Case, others: Others) -> Iterable[Form]:
    """Links, and incidents over several customers: the other case is named by its reference."""
    to, linked = Field("to", _("Case (reference)")), others.linked
    yield Form(
        "link", _("Link"), (to, _REASON), _("For cases that have to do with each other; customers do not see it.")
    )
    if linked:
        options = [(other.ref, other.ref) for other in linked]
        yield Form("unlink", _("End link"), (Field("to", _("Case"), "select", options=options), _REASON))
    if others.leader is not None:
        yield Form("detach", _("Detach from incident"), (_REASON,))
        return
    attached = others.attached
    if attached:
        yield Form(
            "answer_all",
            _("Answer all customers"),
            _answer_all(case),
            gettext("Said in the rooms of %(many)s cases, once in each.") % {"many": len(attached) + 1},
        )
    else:
        yield Form(
            "attach",
            _("Attach to incident"),
            (to, _REASON),
            _("The other case leads; what is said to all is said here too."),
        )


def _answer_all(case: Case) -> tuple[Field, ...]:
    product = product_of(newest([case.product])[case.product].pk)
    others = [locale for locale in product.locales if locale != product.default_locale]
    text = Field(
        "text",
        gettext("Answer (%(language)s, and where nothing else is given)") % {"language": product.default_locale},
        "area",
    )
    return (
        text,
        *(
            Field(f"text_{locale}", gettext("Answer (%(language)s)") % {"language": locale}, "area")
            for locale in others
        ),
    )


def _names(people: Sequence[Person]) -> str:
    return ", ".join(person.name for person in people)


def _line(message: Message) -> str:
    author = message.author.name if message.author else message.author_ref
    text = gettext("(removed)") if message.redacted_at else " ".join((message.edited_body or message.body).split())
    return f"{author}: {text[:_LONGEST]}{'…' if len(text) > _LONGEST else ''}"


def _classes(case: Case, pinned: int | None) -> Iterable[Form]:
    """Severities and kinds of the version that the present cycle was promised by."""
    product = product_of(pinned or newest([case.product])[case.product].pk)
    severities = [(slug, plain(slug)) for slug in product.severity_slugs]
    kinds = [(slug, plain(slug)) for slug in product.kinds]
    reason = replace(_REASON, label=_("Reason (needed to lower it)"))
    yield Form(
        "severity", _("Severity"), (Field("severity", _("Severity"), "select", case.severity, severities), reason)
    )
    yield Form("kind", _("Kind"), (Field("kind", _("Kind"), "select", case.kind, kinds), _REASON))


def _assignee(reader: Reader, case: Case) -> Field:
    staff = {one.slug: one.name for people in staff_of(case.product, reader.now).values() for one in people}
    options = [("", gettext("nobody")), *sorted(staff.items(), key=lambda pair: pair[1])]
    return Field("assignee", _("To"), "select", case.assignee.slug if case.assignee else "", options)


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
