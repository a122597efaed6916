"""What staff do with a case from its page: what each form does, as the person who looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from roomdesk.cases import (
    changing,
    escalating,
    handing,
    incidents,
    joining,
    linking,
    macros,
    noting,
    parting,
    resending,
    untriaging,
)
from roomdesk.cases.attaching import Upload
from roomdesk.cases.models import Case
from roomdesk.cases.queries import access_case
from roomdesk.cases.together import Hands
from roomdesk.directory.errors import Invalid
from roomdesk.rules.case_states import MOVES
from roomdesk.rules.errors import RuleError
from roomdesk.rules.macro import values_of
from roomdesk.web.console.act_forms import HOURS, Refused, Wanted, offered
from roomdesk.web.console.guard import Reader

__all__ = ["Refused", "Wanted", "do", "offered"]


def do(reader: Reader, case: Case, wanted: Wanted) -> str:
    """Does it, as the person who looks; gives the reference of the case to go on with."""
    action = _ACTIONS.get(wanted.act)
    if action is None:
        raise Invalid(_("This page has no such button; load it again."), field="act")
    return action(_Doing(reader, case.ref, wanted.given, wanted.messages, wanted.uploads)).ref


@dataclass(frozen=True, slots=True)
class _Doing:
    reader: Reader
    ref: str
    given: Mapping[str, str]
    messages: Sequence[str] = field(default=())
    uploads: Sequence[Upload] = field(default=())

    @property
    def by(self) -> dict[str, Any]:
        return {"author": self.reader.viewer.name, "actor": self.reader.actor, "now": self.reader.now}

    def text(self, name: str) -> str:
        return self.given.get(name, "")

    @property
    def hands(self) -> Hands:
        reader = self.reader
        return Hands(reader.viewer, reader.viewer.name, reader.actor, reader.now)

    def change(self, **what: Any) -> Case:
        change = changing.Change(reason=self.text("reason"), **what)
        return changing.do_change(self.reader.viewer, self.ref, change, **self.by)


def _state(state: str) -> Callable[[_Doing], Case]:
    return lambda doing: doing.change(state=state)


def _resolve(doing: _Doing) -> Case:
    unknown = bool(doing.text("root_cause_unknown"))
    fix, cause = doing.text("fix"), doing.text("root_cause")
    alone = bool(doing.text("alone"))
    return doing.change(state="resolved", fix=fix, root_cause=cause, root_cause_unknown=unknown, alone=alone)


def _snooze(doing: _Doing) -> Case:
    hours = doing.text("hours")
    if hours not in dict(HOURS):
        raise Invalid(_("Choose for how long."), field="hours")
    return doing.change(snoozed_until=doing.reader.now + timedelta(hours=int(hours)))


def _escalate(doing: _Doing) -> Case:
    viewer, field = doing.reader.viewer, doing.text("field")
    return escalating.do_escalate(viewer, doing.ref, field, reason=doing.text("reason"), **doing.by)


def _deescalate(doing: _Doing) -> Case:
    viewer, field = doing.reader.viewer, doing.text("field")
    return escalating.do_deescalate(viewer, doing.ref, field, reason=doing.text("reason"), **doing.by)


def _macro(doing: _Doing) -> Case:
    try:
        values = values_of(doing.text("values"))
    except RuleError as error:
        raise Invalid(str(error), field="values") from error
    said = macros.do_macro(doing.hands, doing.ref, doing.text("macro"), values, channel="console")
    assert said.case is not None
    found: Case = said.case
    return found


def _link(doing: _Doing) -> Case:
    return linking.do_link(doing.hands, doing.ref, _other(doing), reason=doing.text("reason"))


def _unlink(doing: _Doing) -> Case:
    return linking.do_unlink(doing.hands, doing.ref, _other(doing), reason=doing.text("reason"))


def _attach(doing: _Doing) -> Case:
    return linking.do_attach(doing.hands, doing.ref, _other(doing), reason=doing.text("reason"))


def _other(doing: _Doing) -> str:
    if not doing.text("to"):
        raise Invalid(_("Give the reference of the other case, such as BC-1042."), field="to")
    return doing.text("to").upper()


def _detach(doing: _Doing) -> Case:
    return linking.do_detach(doing.hands, doing.ref, reason=doing.text("reason"))


def _answer_all(doing: _Doing) -> Case:
    texts = {
        name.removeprefix("text_"): text for name, text in doing.given.items() if name.startswith("text_") and text
    }
    return incidents.do_answer_all(
        doing.hands, doing.ref, incidents.Words(doing.text("text"), texts), channel="console"
    ).leader


def _reopen(doing: _Doing) -> Case:
    return changing.do_reopen(doing.reader.viewer, doing.ref, reason=doing.text("reason"), **doing.by)


def _merge(doing: _Doing) -> Case:
    if not doing.text("into"):
        raise Invalid(_("Choose the case that goes on."), field="into")
    viewer, reason = doing.reader.viewer, doing.text("reason")
    return joining.do_merge(viewer, doing.ref, doing.text("into"), reason=reason, **doing.by)


def _unmerge(doing: _Doing) -> Case:
    return joining.do_unmerge(doing.reader.viewer, doing.ref, **doing.by)


def _split(doing: _Doing) -> Case:
    leaving = _leaving(doing, _("Choose the messages that become a case of their own."))
    return parting.do_split(doing.reader.viewer, doing.ref, leaving, **doing.by)


def _move(doing: _Doing) -> Case:
    leaving = _leaving(doing, _("Choose the messages that belong to the other case."))
    return parting.do_move(doing.reader.viewer, doing.ref, _other(doing), leaving, **doing.by)


def _note(doing: _Doing) -> Case:
    """A text, files, or both."""
    viewer = doing.reader.viewer
    case = access_case(doing.ref, viewer)
    if doing.text("text") or not doing.uploads:
        case = noting.do_note(viewer, doing.ref, doing.text("text"), channel="console", **doing.by)
    for one in doing.uploads:
        handing.do_hand_over(viewer, doing.ref, handing.Given(one, is_note=True), channel="console", **doing.by)
    return case


def _again(doing: _Doing) -> Case:
    number = doing.text("message")
    if not _is_number(number):
        raise Invalid(_("Choose the message that is sent again."), field="message")
    return resending.do_send_again(doing.reader.viewer, doing.ref, int(number), **doing.by)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19


def _leaving(doing: _Doing, none: str) -> parting.Parting:
    ids = [int(one) for one in doing.messages if _is_number(one)]
    if not ids:
        raise Invalid(none, field="messages")
    return parting.Parting(ids, doing.text("reason"))


_ACTIONS: Mapping[str, Callable[[_Doing], Case]] = {
    **{state: _state(state) for state in MOVES if state not in ("new", "deflected", "merged", "resolved")},
    "resolved": _resolve,
    "take": lambda doing: doing.change(assignee=doing.reader.viewer.name),
    "assign": lambda doing: doing.change(assignee=doing.text("assignee") or None),
    "escalate": _escalate,
    "deescalate": _deescalate,
    "macro": _macro,
    "link": _link,
    "unlink": _unlink,
    "attach": _attach,
    "detach": _detach,
    "answer_all": _answer_all,
    "severity": lambda doing: doing.change(severity=doing.text("severity")),
    "kind": lambda doing: doing.change(kind=doing.text("kind")),
    "snooze": _snooze,
    "untriage": lambda doing: untriaging.do_undo(doing.reader.viewer, doing.ref, **doing.by),
    "wake": lambda doing: doing.change(snoozed_until=None),
    "reopen": _reopen,
    "merge": _merge,
    "unmerge": _unmerge,
    "split": _split,
    "move": _move,
    "note": _note,
    "again": _again,
}
