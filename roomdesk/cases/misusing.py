"""Recording that a P0 was none, appealing against that, and lifting it (R41). The customer is told kindly, and no page is ever kept back."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from roomdesk.audit.work import Actor
from roomdesk.cases import acting, notices
from roomdesk.cases.acting import Held
from roomdesk.cases.conversation import Open
from roomdesk.cases.history import note
from roomdesk.cases.models import Case
from roomdesk.directory.errors import Conflict, Forbidden, Invalid, NotFound
from roomdesk.directory.models import Membership, Person, Workspace
from roomdesk.directory.queries import Viewer, access_workspace, authority
from roomdesk.oncall.models import Misuse

MOST = 2000


def do_mark(viewer: Viewer, ref: str, *, reason: str, author: str | None, actor: Actor, now: datetime) -> Misuse:
    """Records it, once a case. Invalid without a reason; Conflict for a case that was no P0, or was marked before."""
    with transaction.atomic():
        held, entry = _held(viewer, ref, author, actor, now)
        if entry.case.p0_at is None:
            raise Conflict(f"{entry.case.ref} is no P0, so there is nothing to mark.", field="ref")
        if Misuse.objects.filter(case_id=entry.case.pk).exists():
            raise Conflict(f"{entry.case.ref} is marked already.", field="ref")
        made = Misuse.objects.create(
            workspace=held.conversation.workspace,
            case_id=entry.case.pk,
            ref=entry.case.ref,
            at=now,
            by=held.by,
            reason=_checked(reason, "Why was it none? The workspace reads the reason."),
        )
        note(held.work, held.conversation, entry, "misuse", "", "marked", at=now, by=held.by, reason=made.reason)
        _tell(held, entry.case)
        held.flush()
    return made


def do_lift(viewer: Viewer, ref: str, *, reason: str, author: str | None, actor: Actor, now: datetime) -> Misuse:
    """Takes it back, with the reason: it counts no more. Idempotent; Conflict for a case that was never marked."""
    with transaction.atomic():
        held, entry = _held(viewer, ref, author, actor, now)
        found = Misuse.objects.select_for_update(no_key=True).filter(case_id=entry.case.pk).first()
        if found is None:
            raise Conflict(f"{entry.case.ref} is not marked.", field="ref")
        if found.lifted_at is None:
            found.lifted_at, found.lifted_by = now, held.by
            found.lifted_reason = _checked(reason, "Why is it lifted? The workspace reads the reason.")
            found.save(update_fields=["lifted_at", "lifted_by", "lifted_reason"])
            note(held.work, held.conversation, entry, "misuse", "marked", "lifted", at=now, by=held.by, reason=found.lifted_reason)  # fmt: skip
            held.flush()
    return found


def do_appeal(
    viewer: Viewer, workspace: str, number: int, *, text: str, author: str, actor: Actor, now: datetime
) -> Misuse:
    """Owner and admins of the workspace say why it was one after all, once; staff see it in the case's thread. NotFound for an entry that is not theirs."""
    place = access_workspace(workspace, viewer)
    person = _admin(place, author, now)
    with transaction.atomic():
        held = _held_for(place, number, actor, now)
        found = Misuse.objects.select_for_update(no_key=True).filter(pk=number, workspace=place).first()
        if held is None or found is None:
            raise NotFound(f"There is no entry {number} of this workspace.", field="id")
        if found.appealed_at is not None or found.lifted_at is not None:
            raise Conflict("It was appealed, or lifted, before.", field="id")
        found.appealed_at, found.appealed_by = now, person.slug
        found.appeal = _checked(text, "What happened? Write why it was production down.")
        found.save(update_fields=["appeal", "appealed_at", "appealed_by"])
        note(
            held.work,
            held.conversation,
            held.exactly(found.ref),
            "misuse",
            "marked",
            "appealed",
            at=now,
            by=person.slug,
        )
        held.flush()
    return found


def access_ledger(viewer: Viewer, workspace: str) -> list[Misuse]:
    """All entries of a workspace, the newest first, for its staff and for itself."""
    place = access_workspace(workspace, viewer)
    return list(Misuse.objects.filter(workspace=place).select_related("workspace").order_by("-at", "-pk"))


def _held(viewer: Viewer, ref: str, author: str | None, actor: Actor, now: datetime) -> tuple[Held, Open]:
    held = acting.hold(viewer, ref, author=author, actor=actor, now=now)
    return held, held.exactly(ref)


def _held_for(place: Workspace, number: int, actor: Actor, now: datetime) -> Held | None:
    """The lane of the entry's case, held for the customer's own act."""
    found = Misuse.objects.filter(pk=number, workspace=place).first() if 0 < number < 1 << 63 else None
    if found is None:
        return None
    everything = Viewer("desk", "desk", sees_all=True)
    return acting.hold_workspace(everything, place, refs=[found.ref], author=None, actor=actor, now=now)


def _admin(place: Workspace, slug: str, now: datetime) -> Person:
    person = Person.objects.filter(slug=slug, is_active=True).first() if "\0" not in slug else None
    role = authority(person, place, now).role if person else ""
    if person is None or role not in (Membership.Role.OWNER, Membership.Role.ADMIN):
        raise Forbidden("The owner and admins of the workspace appeal.")
    return person


def _checked(text: str, asked: str) -> str:
    said = text.replace("\0", "").strip()
    if not 0 < len(said) <= MOST:
        raise Invalid(asked if not said else f"At most {MOST} characters.", field="reason")
    return said


def _tell(held: Held, case: Case) -> None:
    conversation = held.conversation
    if conversation.product is None or not notices.can_say(conversation):
        return
    text = conversation.product.text(conversation.workspace.locale, "p0.misuse", ref=case.ref)
    notices.say(held.work, conversation, held.exactly(case.ref), text, once=f"case:{case.pk}:misuse")
