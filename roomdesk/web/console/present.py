"""What the console's pages show, ready to be drawn: no page computes anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from roomdesk.cases import triaging
from roomdesk.cases.models import Case, CaseChange, CaseCycle, Intake
from roomdesk.cases.untriaging import UNKNOWN
from roomdesk.cases.worklist import Delivery
from roomdesk.clocks.models import Clock
from roomdesk.directory.models import Membership
from roomdesk.product.queries import product_of
from roomdesk.record.models import File, Message
from roomdesk.rules.queue_order import Place, ordinal
from roomdesk.web.console.clock_words import ClockFace, face, headline, moment, span
from roomdesk.web.console.strip import Strip, strip
from roomdesk.web.languages import locale_now
from roomdesk.web.portal.refusals import told
from roomdesk.web.rich import drawn

STATES = {
    "new": pgettext_lazy("case", "New"),
    "acknowledged": pgettext_lazy("case", "Acknowledged"),
    "investigating": pgettext_lazy("case", "Investigating"),
    "waiting_customer": pgettext_lazy("case", "Waiting for customer"),
    "waiting_third_party": pgettext_lazy("case", "Waiting for third party"),
    "resolved": pgettext_lazy("case", "Resolved"),
    "closed": pgettext_lazy("case", "Closed"),
    "deflected": pgettext_lazy("case", "Answered automatically"),
    "merged": pgettext_lazy("case", "Merged"),
}
CHANNELS = {
    "matrix": _("room"),
    "console": _("console"),
    "control": _("control room"),
    "api": _("REST"),
    "cli": _("command line"),
    "email": _("email"),
    "form": _("form"),
}


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case in a list, and the head of its page. Staff read all times in the vendor's `zone`."""

    case: Case
    tier: str
    product: str
    state: str
    severity: str
    severity_rank: int
    kind: str
    turn: str
    opened: str
    opened_ago: str
    zone: str
    has_room: bool
    clock: ClockFace | None
    title: str
    place: str = ""
    why: str = ""
    version_id: int | None = None

    @property
    def rank(self) -> str:
        """The severity's place from the gravest on, as the badges' tones name it."""
        return str(self.severity_rank)


def case_row(case: Case, clocks: list[Clock], now: datetime, *, title: str, place: Place | None = None) -> CaseRow:
    """The row of a case with the clocks of all its cycles."""
    current = [clock for clock in clocks if clock.cycle.number == case.cycle]
    main = headline(current)
    pinned = product_of(main.product_version_id) if main else None
    tiers = pinned.tiers if pinned else {}
    severities = pinned.severity_slugs if pinned else ()
    zone = pinned.office.timezone if pinned else "UTC"
    tier = main.cycle.tier if main else ""
    return CaseRow(
        case=case,
        tier=tiers[tier].name if tier in tiers else tier.capitalize(),
        product=pinned.name if pinned else case.product,
        state=str(STATES.get(case.state, case.state)),
        severity=plain(case.severity),
        severity_rank=severities.index(case.severity) if case.severity in severities else 9,
        kind=plain(case.kind),
        turn=turn(case),
        opened=moment(case.opened_at, zone, now),
        opened_ago=span(now - case.opened_at),
        zone=zone,
        has_room=pinned.room if pinned else True,
        clock=face(main, now) if main else None,
        title=title,
        place=_place(place.position) if place else "",
        why=told(place.why.words) if place else "",
        version_id=main.product_version_id if main else None,
    )


def zone_of(case: Case, clocks: Sequence[Clock]) -> str:
    """The zone in which a case's times are told, as `CaseRow.zone`."""
    main = headline([clock for clock in clocks if clock.cycle.number == case.cycle])
    return product_of(main.product_version_id).office.timezone if main else "UTC"


def filed(intake: Intake | None) -> list[str]:
    """Why the desk filed a case as it did, a sentence each; empty for what staff began."""
    if intake is None:
        return []
    found = triaging.shown(intake)
    said = {"answer": plain(found["answer"] or "").replace(":", ": ")}
    answer = [gettext("Answered by the desk: %(answer)s.") % said] if found["answer"] else []
    names = {"kind": plain(found["kind"]), "severity": plain(found["severity"])}
    return [
        gettext("Found: %(kind)s, %(severity)s.") % names,
        *[told(why["words"]) for why in found["why"]],
        *answer,
    ]


def is_unknown(case: Case, intake: Intake | None, changes: Iterable[CaseChange]) -> bool:
    """Nothing told the desk what an open case is, and nobody has filed it since: staff are asked."""
    is_other = intake is not None and case.kind == intake.kind == UNKNOWN
    return is_other and case.state in Case.OPEN and not any(change.what == "kind" for change in changes)


def resolutions(cycles: Sequence[CaseCycle]) -> list[tuple[str, str]]:
    """Fix and root cause of each cycle that was resolved, the last one first."""
    ended = [cycle for cycle in reversed(cycles) if cycle.ended_at is not None and cycle.fix]
    return [(cycle.fix, cycle.root_cause or gettext("unknown")) for cycle in ended]


_SATISFACTION = {"good": _("👍 helped"), "bad": _("👎 not helped")}


def satisfaction(cycles: Sequence[CaseCycle]) -> str:
    """What the customer said of each resolution, the newest first; empty where they said nothing."""
    said = [(cycle.number, _SATISFACTION[cycle.satisfaction]) for cycle in reversed(cycles) if cycle.satisfaction]
    if len(cycles) == 1:
        return ", ".join(str(words) for _number, words in said)
    return ", ".join(gettext("%(words)s (cycle %(number)s)") % {"words": w, "number": n} for n, w in said)


_FIELDS = {
    "where": _("Where"),
    "steps": _("Steps"),
    "expected": _("Expected"),
    "actual": _("Happened"),
    "urgency": _("Urgency"),
    "attachments": _("Attached"),
    "missing": _("Asked for"),
}


def report_lines(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is known of the matter, by the name of the field."""
    said = {name: value if isinstance(value, str) else ", ".join(value) for name, value in report.items()}
    return [(str(words), said[name]) for name, words in _FIELDS.items() if said[name]]


def checklist(intake: Intake | None, version_id: int | None) -> list[tuple[str, bool]]:
    """What the desk asked for, in words, and whether it is there."""
    if intake is None or not intake.asked or version_id is None:
        return []
    product, known = product_of(version_id), intake.known.split()
    # A newer version of the product may not ask for it any more.
    words: dict[str, str] = {
        item: product.text(product.locale_for(locale_now()), f"checklist.item.{item}").partition(":")[0]
        for item in product.checklist.items
    }
    return [(words.get(item, plain(item)), item in known) for item in intake.asked.split()]


@dataclass(frozen=True, slots=True)
class ClockCards:
    """A case's clocks, each with its explanation: those that matter now, and those of earlier cycles and updates."""

    now: list[tuple[ClockFace, list[str], Strip | None]]
    earlier: list[tuple[ClockFace, list[str], Strip | None]]


def clock_cards(
    case: Case, clocks: Sequence[Clock], explained: Sequence[Mapping[str, Any]], now: datetime
) -> ClockCards:
    """Every clock once. Of the updates only the newest matters; of earlier cycles what still runs."""
    found = ClockCards([], [])
    newest = max((clock.pk for clock in clocks if clock.kind == Clock.Kind.UPDATE), default=0)
    for clock, words in zip(clocks, explained, strict=True):
        runs = clock.stopped_at is None and clock.state != Clock.State.CANCELLED
        is_last = clock.kind != Clock.Kind.UPDATE or clock.pk == newest
        matters = runs or (clock.cycle.number == case.cycle and is_last and clock.state != Clock.State.CANCELLED)
        (found.now if matters else found.earlier).append(
            (face(clock, now), [told(line) for line in words["lines"]], strip(words))
        )
    return found


def _place(number: int) -> str:
    """The place in a queue, as the language counts places."""
    return {"bg": f"№ {number}", "pt": f"{number}º"}.get(locale_now()) or ordinal(number)


def role_words(role: str) -> str:
    """What somebody is in a workspace's room; of account managers there are none but this workspace's."""
    return gettext(role) if role in ("owner", "admin", "member") else plain(role.removesuffix("_here")).lower()


def plain(slug: str) -> str:
    """`feature_request` as `Feature request`, in the reader's language where it is one of the desk's own words."""
    words = slug.replace("_", " ").replace("-", " ").capitalize()
    # What is said of a case agrees with the word for it, where a language wants that.
    said = pgettext("case", words) if words else ""
    return said if said != words else gettext(words) if words else ""


def turn(case: Case) -> str:
    """Whose word is awaited, in words; empty when the case is not open."""
    if case.state not in Case.OPEN:
        return ""
    if case.state == Case.State.WAITING_THIRD_PARTY:
        return gettext("A third party’s turn")
    ours = case.last_staff_at is None or (
        case.last_customer_at is not None and case.last_customer_at > case.last_staff_at
    )
    is_ours = ours and case.state != Case.State.WAITING_CUSTOMER
    return gettext("Our turn") if is_ours else gettext("Customer’s turn")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a conversation. `tone` is customer, staff, desk, other or change."""

    anchor: str
    tone: str
    author: str
    role: str
    at: datetime
    time: str
    title: str
    text: str
    marks: tuple[str, ...]
    why: str
    #: The message's own number; 0 for a change.
    number: int = 0
    #: As a room draws it, safe for a page; empty where `text` is all.
    html: str = ""
    problem: str = ""
    file: File | None = None
    is_note: bool = False


def entries(
    conversation: Iterable[Message | CaseChange],
    people: Mapping[int, Membership],
    on_the_way: Mapping[int, Delivery],
    zone: str,
    now: datetime,
    files: Mapping[int, File],
    only: Sequence[Message | CaseChange] | None = None,
) -> list[Entry]:
    """The conversation's lines, or `only` those. `people` are the workspace's members by person id, `files` what came with messages by their id."""
    rows = list(conversation)
    names = _names(rows)
    rows = rows if only is None else list(only)
    return [
        replace(_said(row, people, on_the_way, zone, now), file=None if row.redacted_at else files.get(row.pk))
        if isinstance(row, Message)
        else _changed(row, names, zone, now)
        for row in rows
    ]


def _names(rows: Iterable[Message | CaseChange]) -> dict[str, str]:
    """What those who spoke are called, by their id and by their name in Matrix: changes name people by either."""
    authors = [(row.author_ref, row.author) for row in rows if isinstance(row, Message) and row.author]
    return {key: person.name for ref, person in authors for key in (ref, person.slug)}


def _said(
    message: Message, people: Mapping[int, Membership], on_the_way: Mapping[int, Delivery], zone: str, now: datetime
) -> Entry:
    delivery = on_the_way.get(message.pk)
    return Entry(
        anchor=f"m-{message.pk}",
        tone=message.author_kind,
        author=message.author.name if message.author else _name(message),
        role=_role(message, people),
        at=message.at,
        time=moment(message.at, zone, now),
        title=gettext("%(at)s UTC, by %(channel)s")
        % {"at": f"{message.at:%Y-%m-%d %H:%M:%S}", "channel": CHANNELS.get(message.channel, message.channel)},
        text=_text(message),
        marks=tuple(_marks(message, delivery)),
        why=told(message.why),
        number=message.pk,
        html=drawn(message),
        problem=delivery.problem if delivery and delivery.state == "failed" else "",
        is_note=message.kind == Message.Kind.NOTE,
    )


def _name(message: Message) -> str:
    return gettext("The desk") if message.author_kind == Message.Author.DESK else message.author_ref


def _role(message: Message, people: Mapping[int, Membership]) -> str:
    member = people.get(message.author_id or 0)
    if message.author_kind == Message.Author.STAFF:
        return gettext("staff")
    return role_words(str(member.role)) if member else ""


def _text(message: Message) -> str:
    if message.redacted_at:
        return ""
    return message.edited_body or message.body


def _marks(message: Message, delivery: Delivery | None) -> Iterable[str]:
    if message.redacted_at:
        yield gettext("removed by its author") if message.redacted_by == message.author_ref else gettext("removed")
    elif message.edited_at:
        yield gettext("edited")
    if message.kind == Message.Kind.NOTE:
        yield gettext("internal note")
    if message.is_late:
        yield gettext("arrived late")
    if message.kind == Message.Kind.FILE:
        yield gettext("file")
    if message.kind == Message.Kind.UNREADABLE:
        yield gettext("could not be read")
    if delivery:
        yield gettext("not delivered") if delivery.state == "failed" else gettext("sending")


def _changed(change: CaseChange, names: Mapping[str, str], zone: str, now: datetime) -> Entry:
    before = f"{plain(change.before)} → " if change.before else ""
    return Entry(
        anchor=f"c-{change.pk}",
        tone="change",
        author=names.get(change.by, change.by),
        role="",
        at=change.at,
        time=moment(change.at, zone, now),
        title=f"{change.at:%Y-%m-%d %H:%M:%S} UTC",
        text=f"{plain(change.what)}: {before}{plain(change.after)}",
        marks=(),
        why=change.reason,
    )
