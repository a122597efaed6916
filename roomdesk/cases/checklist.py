"""The checklist of a case in the room: asked once, for what is missing, in one message that is edited in place (R24, D23)."""

from __future__ import annotations

from roomdesk.audit.work import Work
from roomdesk.cases import notices, triaging
from roomdesk.cases.conversation import Conversation, Open
from roomdesk.cases.models import Intake
from roomdesk.product.schema import Product
from roomdesk.queues.models import OutboxRow
from roomdesk.rules import intake as rules


def begin(
    work: Work,
    conversation: Conversation,
    entry: Open,
    *,
    provided: frozenset[str],
    has_file: bool,
    is_silent: bool,
    after: OutboxRow | None = None,
) -> None:
    """Notes what a case's first message has, and asks for what is missing. `is_silent`: nothing is asked, whatever is missing."""
    product, intake, case = conversation.product, entry.intake, entry.case
    assert product is not None and intake is not None
    checklist = _checklist(product)
    known = rules.known_at_first(checklist, provided, has_file=has_file)
    intake.known = triaging.names(known)
    if is_silent or not notices.can_say(conversation):
        return
    has_checklist = case.kind in product.kinds and product.kinds[case.kind].checklist
    filed = rules.Filed(case.severity, has_checklist, p0=case.p0_at is not None)
    intake.asked = " ".join(rules.to_ask(checklist, filed, known))
    if intake.asked:
        _show(work, conversation, entry, intake, after)


def heard(work: Work, conversation: Conversation, entry: Open, text: str, *, has_file: bool) -> None:
    """A further message of the customer: ticks off what it brings."""
    intake = entry.intake
    if intake is None or not entry.is_open:
        return
    asked, known = set(intake.asked.split()), intake.known.split()
    if asked.issubset(known):
        return
    added = rules.newly_known(known, triaging.provided(conversation, text), has_file=has_file)
    if not added:
        return
    intake.known = triaging.names({*known, *added})
    work.update(intake, "known")
    if not asked.isdisjoint(added) and notices.can_say(conversation):
        _show(work, conversation, entry, intake)


def _checklist(product: Product) -> rules.Checklist:
    given = product.checklist
    return rules.Checklist(given.items, given.from_room, given.optional)


def _show(work: Work, conversation: Conversation, entry: Open, intake: Intake, after: OutboxRow | None = None) -> None:
    """Brings the one message up to date. One that has not left yet is changed where it waits; in another room it is said anew."""
    assert conversation.room is not None
    intake.shown = rules.message(intake.asked.split(), intake.known.split(), _words(conversation, entry))
    is_here = intake.notice_room == conversation.room.room_id
    if not (is_here and _reworded(entry, intake)):
        once = f"case:{entry.case.pk}:checklist:{intake.edits}"
        if is_here and intake.notice_row is not None:
            row = notices.edit(work, conversation, entry, intake.shown, original=intake.notice_row, once=once)
        else:
            row = notices.say(work, conversation, entry, intake.shown, once=once, after=after)
            intake.notice_row, intake.notice_room = row.pk, conversation.room.room_id
        intake.edits += 1
        intake.shown_row, entry.planned = row.pk, row
    work.update(intake, "notice_row", "notice_room", "shown_row", "shown", "edits")


def _reworded(entry: Open, intake: Intake) -> bool:
    """Whether the newest text had not left yet, and now says this instead (D27)."""
    if entry.planned is not None:
        entry.planned.payload = notices.reworded(entry.planned.payload, intake.shown)
        return True
    return intake.shown_row is not None and notices.reword(intake.shown_row, intake.shown)


def _words(conversation: Conversation, entry: Open) -> rules.Words:
    product, locale = conversation.product, conversation.workspace.locale
    assert product is not None
    return rules.Words(
        ask=product.text(locale, "checklist.ask", ref=entry.case.ref),
        complete=product.text(locale, "checklist.complete", ref=entry.case.ref),
        labels={item: product.text(locale, f"checklist.item.{item}") for item in product.checklist.items},
    )
