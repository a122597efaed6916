"""What each command of staff does: it calls the service that the console and REST call, as the person who wrote it (R28)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from roomdesk.audit.work import Actor
from roomdesk.cases import changing, escalating, incidents, joining, linking, macros, misusing, parting, taking
from roomdesk.cases.changing import Change
from roomdesk.cases.models import Case
from roomdesk.cases.parting import Parting
from roomdesk.cases.queries import timeline
from roomdesk.cases.together import Hands
from roomdesk.consent import asking, queries
from roomdesk.control import facts
from roomdesk.control.models import Command
from roomdesk.directory.models import Person
from roomdesk.directory.queries import Viewer, staff_of
from roomdesk.oncall.models import Page
from roomdesk.product.queries import product_of
from roomdesk.rules.control_card import card
from roomdesk.rules.desk_command import Command as Wanted
from roomdesk.rules.desk_command import CommandError, Day
from roomdesk.rules.instants import EPOCH
from roomdesk.rules.zones import EPOCH_DAY, first_instant, zone_named

#: `why` tells of so many messages, the newest.
_TOLD = 20


@dataclass(frozen=True, slots=True)
class Doing:
    """A command at hand: the case, who acts, what they may see."""

    case: Case
    person: Person
    viewer: Viewer
    now: datetime
    command: Command

    @property
    def by(self) -> dict[str, Any]:
        return {"author": self.person.slug, "actor": Actor("staff", self.person.slug), "now": self.now}

    @property
    def hands(self) -> Hands:
        """Its lane is held already, so others are not waited for."""
        by = self.by
        return Hands(self.viewer, by["author"], by["actor"], self.now, patient=False)

    def change(self, **what: Any) -> str:
        changing.do_change(self.viewer, self.case.ref, Change(**what), **self.by, patient=False)
        return ""

    @property
    def zone(self) -> str:
        """The clock on the wall of the product's office."""
        version = self.case.cycles.get(number=self.case.cycle).product_version_id
        return product_of(version).office.timezone


Given = Mapping[str, Any]


def carry_out(doing: Doing, wanted: Wanted) -> str:
    """Does it; gives what is to be answered, empty where that it was done is all. Raises the service's refusals."""
    return _ACTS[wanted.name](doing, wanted.given)


def _status(doing: Doing, given: Given) -> str:
    return card(facts.load([doing.case.pk], {})[doing.case.pk].card)


def _why(doing: Doing, given: Given) -> str:
    """Only the desk's own words: what customers say does not stand in this room."""
    zone = ZoneInfo(doing.zone)
    said = [message for message in timeline(doing.case, doing.viewer) if message.why][-_TOLD:]
    lines = [
        f"{m.pk} · {m.at.astimezone(zone):%a %H:%M} · {m.author.name if m.author else m.author_ref}: {m.why}"
        for m in said
    ]
    return "\n".join(lines) or f"Nothing is on record in {doing.case.ref} yet."


def _ack(doing: Doing, given: Given) -> str:
    if Page.objects.filter(case_id=doing.case.pk).exists():
        taking.do_acknowledge(doing.viewer, doing.case.ref, **doing.by, via="command")
    state = Case.State.ACKNOWLEDGED if doing.case.state == Case.State.NEW else None
    return doing.change(assignee=doing.person.slug, state=state)


def _assign(doing: Doing, given: Given) -> str:
    word = given["to"].strip().rstrip(".")
    if word.lower() == "nobody":
        return doing.change(assignee=None)
    return doing.change(assignee=doing.person.slug if word.lower() == "me" else _staff_named(doing, word))


def _staff_named(doing: Doing, word: str) -> str:
    """By id, address or name, as a mention in a client leaves it."""
    wanted = word.removeprefix("@").partition(":")[0].casefold()
    people = {one.slug: one for some in staff_of(doing.case.product, doing.now).values() for one in some}
    found = [one.slug for one in people.values() if wanted in _names(one)]
    if len(found) != 1:
        raise CommandError(
            f'"{word[:60]}" is {"the name of several" if found else "nobody"} of this product\'s staff; give their id.'
        )
    return found[0]


def _names(person: Person) -> set[str]:
    return {name.casefold() for name in (person.slug, person.name, person.localpart)}


def _escalate(doing: Doing, given: Given) -> str:
    escalating.do_escalate(doing.viewer, doing.case.ref, given["field"], reason=given["reason"], **doing.by)
    return ""


def _deescalate(doing: Doing, given: Given) -> str:
    escalating.do_deescalate(doing.viewer, doing.case.ref, given["field"], reason=given["reason"], **doing.by)
    return ""


def _snooze(doing: Doing, given: Given) -> str:
    return doing.change(snoozed_until=_until(doing, given), reason=given["reason"])


def _wait(doing: Doing, given: Given) -> str:
    snoozed = {"snoozed_until": _until(doing, given)} if given.keys() & {"length", "until"} else {}
    return doing.change(state=given["state"], reason=given["reason"], **snoozed)


def _until(doing: Doing, given: Given) -> datetime:
    return doing.now + given["length"] if "length" in given else _instant(doing.zone, given["until"])


def _instant(zone: str, day: Day) -> datetime:
    local = (day.day.toordinal() - EPOCH_DAY) * 86400 + day.minute * 60
    return EPOCH + timedelta(seconds=first_instant(zone_named(zone), local))


def _link(doing: Doing, given: Given) -> str:
    linking.do_link(doing.hands, doing.case.ref, given["to"], reason=given["reason"])
    return ""


def _unlink(doing: Doing, given: Given) -> str:
    linking.do_unlink(doing.hands, doing.case.ref, given["to"], reason=given["reason"])
    return ""


def _attach(doing: Doing, given: Given) -> str:
    linking.do_attach(doing.hands, doing.case.ref, given["to"], reason=given["reason"])
    return ""


def _detach(doing: Doing, given: Given) -> str:
    linking.do_detach(doing.hands, doing.case.ref, reason=given["reason"])
    return ""


def _answer_all(doing: Doing, given: Given) -> str:
    words = incidents.Words(given["text"], given["texts"])
    return incidents.in_words(incidents.do_answer_all(doing.hands, doing.case.ref, words, channel="control"))


def _macro(doing: Doing, given: Given) -> str:
    """Only the desk's own words stand in this room: where a macro names the customer, its text has the name."""
    if not given["macro"]:
        offers = macros.access_macros(doing.viewer, doing.case.ref, doing.person.name)
        return "\n".join(f"{one.slug}: {one.text}" for one in offers) or "This product has no macros."
    macros.do_macro(doing.hands, doing.case.ref, given["macro"], given["values"], channel="control")
    return ""


def _page(doing: Doing, given: Given) -> str:
    taking.do_page(doing.viewer, doing.case.ref, reason=given["reason"], **doing.by)
    return "The engineer on call is being paged."


def _misuse(doing: Doing, given: Given) -> str:
    do = misusing.do_lift if given["lifts"] else misusing.do_mark
    do(doing.viewer, doing.case.ref, reason=given["reason"], **doing.by)
    return ""


def _resolve(doing: Doing, given: Given) -> str:
    along = [] if given.get("alone") else incidents.goes_along(doing.case)
    doing.change(state=Case.State.RESOLVED, **given)
    return f"Resolved with it: {', '.join(along)}." if along else ""


def _consent(doing: Doing, given: Given) -> str:
    """Asking and taking back; `status` tells what was asked in this case."""
    by = {**doing.by, "author": doing.person.slug}
    if given["do"] == "withdraw":
        asking.do_withdraw(doing.viewer, given["consent"], given["reason"], **by)
        return ""
    if given["do"] == "status":
        asked = queries.page_of_consents(doing.viewer, case=doing.case.ref).requests
        lines = [f"{one.ref}: {one.kind}, {one.state}: {one.words.splitlines()[0][:120]}" for one in asked]
        return "\n".join(lines) or f"Nothing was asked about {doing.case.ref} yet."
    wish = asking.Wish(case=doing.case.ref, **{name: value for name, value in given.items() if name != "do"})
    request = asking.do_ask(doing.viewer, wish, **by)
    where = "in the customer's room" if request.row_id else "on the customer's support page"
    return f"Asked {where} as {request.ref}. It waits for exactly: {request.phrase}"


def _reopen(doing: Doing, given: Given) -> str:
    changing.do_reopen(doing.viewer, doing.case.ref, reason=given["reason"], **doing.by)
    return ""


def _merge(doing: Doing, given: Given) -> str:
    joining.do_merge(doing.viewer, doing.case.ref, given["into"], reason=given["reason"], **doing.by)
    return ""


def _unmerge(doing: Doing, given: Given) -> str:
    joining.do_unmerge(doing.viewer, doing.case.ref, **doing.by)
    return ""


def _split(doing: Doing, given: Given) -> str:
    leaving = Parting(given["messages"], given["reason"])
    made = parting.do_split(doing.viewer, doing.case.ref, leaving, **doing.by)
    return f"These messages are {made.ref} now."


def _move(doing: Doing, given: Given) -> str:
    leaving = Parting(given["messages"], given["reason"])
    parting.do_move(doing.viewer, doing.case.ref, given["into"], leaving, **doing.by)
    return f"These messages belong to {given['into']} now."


_ACTS: Mapping[str, Callable[[Doing, Given], str]] = {
    "status": _status,
    "why": _why,
    "ack": _ack,
    "investigate": lambda doing, given: doing.change(state=Case.State.INVESTIGATING, reason=given["reason"]),
    "assign": _assign,
    "escalate": _escalate,
    "deescalate": _deescalate,
    "macro": _macro,
    "consent": _consent,
    "link": _link,
    "unlink": _unlink,
    "attach": _attach,
    "detach": _detach,
    "answer-all": _answer_all,
    "severity": lambda doing, given: doing.change(severity=given["severity"], reason=given["reason"]),
    "kind": lambda doing, given: doing.change(kind=given["kind"], reason=given["reason"]),
    "wait": _wait,
    "snooze": _snooze,
    "wake": lambda doing, given: doing.change(snoozed_until=None, reason=given["reason"]),
    "page": _page,
    "misuse": _misuse,
    "resolve": _resolve,
    "close": lambda doing, given: doing.change(state=Case.State.CLOSED, reason=given["reason"]),
    "reopen": _reopen,
    "merge": _merge,
    "unmerge": _unmerge,
    "split": _split,
    "move": _move,
}
