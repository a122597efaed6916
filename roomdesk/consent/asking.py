"""Asking a customer's consent, and taking the question back: what staff and their programs do (R30–R33, R36)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from roomdesk.audit.work import Actor
from roomdesk.cases import acting, notices
from roomdesk.cases.acting import Held
from roomdesk.cases.models import Case
from roomdesk.cases.queries import access_place
from roomdesk.consent import events, people, repeats, saying, timers
from roomdesk.consent.errors import Conflict, Invalid, NotFound
from roomdesk.consent.models import Request
from roomdesk.consent.queries import access_consent
from roomdesk.directory.models import Workspace
from roomdesk.directory.queries import Viewer, access_workspace
from roomdesk.product.policy import ConsentKind
from roomdesk.product.schema import Product
from roomdesk.rules.canonical_json import canonical_json, sha256_of
from roomdesk.rules.consent_answer import State
from roomdesk.rules.consent_life import restores_over_current
from roomdesk.rules.errors import RuleError

#: An action is what a program compares, no place for its data.
_MOST = 16_000
#: Which kind a restore is, says where it goes (D44).
RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be asked. `action` is exactly what would be done, for programs; `words` the same for people.

    `workspace` or `case` (a reference) says of whom. `feature` is asked for by security kinds, `person` by resets. `target` (copy, current)
    makes a restore one kind or another. `details`: what changes, before and after. `hours` may shorten the product's time, not lengthen it.
    """

    kind: str
    words: str
    action: Any = None
    workspace: str = ""
    case: str = ""
    feature: str = ""
    person: str = ""
    target: str = ""
    details: str = ""
    hours: int | None = None


def do_ask(viewer: Viewer, wish: Wish, *, author: str | None = None, actor: Actor, now: datetime) -> Request:
    """Asks, in the room where there is one, and returns the request. Invalid with the field; Forbidden for who is no staff.

    Conflict where nobody of the workspace may agree.
    """
    place = _place(viewer, wish)
    with transaction.atomic():
        refs = [wish.case] if wish.case else []
        held = acting.hold_workspace(viewer, place, refs=refs, author=author, actor=actor, now=now)
        _check_room(held)
        request = _request(held, wish)
        may = people.who_may(place, request.who_may, now)
        if not may:
            raise Conflict(f'Nobody of "{place.slug}" may agree to this: it has no {" or ".join(request.who_may)}.')
        saying.ask(held.work, held.conversation, request, may, people.names(may))
        held.work.insert(request)
        held.work.audit("consent.asked", f"consent:{request.ref}", _evidence(request), scope=held.conversation.scope)
        timers.plan(held.work, held.conversation, request)
        events.changed(held.work, request)
        held.flush()
    return request


def _check_room(held: Held) -> None:
    product = held.conversation.product
    if product is not None and product.room and not notices.can_say(held.conversation):
        raise Conflict("The workspace's room is not made yet; ask again in a moment.")


def _place(viewer: Viewer, wish: Wish) -> Workspace:
    if not wish.case:
        if not wish.workspace:
            raise Invalid("Name the workspace, or the case, that it is about.", field="workspace")
        return access_workspace(wish.workspace, viewer)
    found = access_place(wish.case, viewer)
    if wish.workspace and found.slug != wish.workspace:
        raise Invalid(f'{wish.case} is no case of the workspace "{wish.workspace}".', field="case")
    return found


def _request(held: Held, wish: Wish) -> Request:
    conversation, now = held.conversation, held.work.now
    product, version, workspace = conversation.product, conversation.version, conversation.workspace
    assert product is not None and version is not None
    kind = _kind(product, wish)
    locale = product.locale_for(workspace.locale)
    number = held.work.new_id(Request)
    ref = f"{product.ref_prefix}-C{number}"
    feature = _feature(product, kind, wish, locale)
    _check_person(product, kind, wish, locale)
    words = _words(wish)
    action = _action(wish, kind, workspace, words)
    named = {"ref": ref, "feature": feature, "person": wish.person.strip()}
    impact = product.text(locale, f"consent.{kind.slug}.impact", **named, what=words)
    if feature:
        impact = f"{impact} {feature}: {product.text(locale, f'feature.{wish.feature}.impact')}"
    hours = min(wish.hours or kind.expires_hours, kind.expires_hours)
    return Request(
        id=number,
        ref=ref,
        workspace=workspace,
        case=_case(held, wish),
        product_version=version,
        kind=kind.slug,
        locale=locale,
        action=action,
        action_sha256=sha256_of(_value(wish, kind, workspace, words)),
        words=words,
        impact=impact,
        phrase=product.consent_phrase(locale, kind.slug, **named),
        details=wish.details.strip(),
        feature=wish.feature,
        subject=wish.person.strip(),
        who_may=list(kind.who_may),
        approvers=kind.approvers,
        cool_off_minutes=kind.cool_off_minutes,
        high_risk=kind.high_risk,
        identity_check=kind.identity_check,
        announce=kind.announce,
        asked_at=now,
        asked_by=held.by,
        expires_at=now + timedelta(hours=hours),
        opened_at=None if product.room else now,
    )


def _kind(product: Product, wish: Wish) -> ConsentKind:
    slug = wish.kind
    if slug == RESTORE:
        slug = _restore(product, wish.target)
    if slug not in product.consents:
        known = ", ".join((*product.consents, RESTORE))
        raise Invalid(f'There is no kind of consent "{slug[:40]}"; this product has {known}.', field="kind")
    action = wish.action
    over = isinstance(action, dict) and restores_over_current(action)
    if over and slug != product.restore.current_needs:
        needed = product.restore.current_needs
        raise Invalid(f'A restore over current data needs the consent "{needed}", not "{slug}".', field="kind")
    return product.consents[slug]


def _restore(product: Product, target: str) -> str:
    if target == "current":
        return product.restore.current_needs
    if target != "copy":
        raise Invalid("Where does the restore go? target is copy or current.", field="target")
    if product.restore.copy_needs is None:
        raise Invalid("A restore into a copy needs no consent in this product.", field="target")
    return product.restore.copy_needs


def _feature(product: Product, kind: ConsentKind, wish: Wish, locale: str) -> str:
    """The feature's name; asked for where the phrase names it."""
    if not wish.feature:
        if "{feature}" in product.texts[locale].get(f"consent.{kind.slug}.phrase", ""):
            raise Invalid(f"Which feature? One of {', '.join(product.security_features)}.", field="feature")
        return ""
    if wish.feature not in product.security_features:
        known = ", ".join(product.security_features)
        raise Invalid(f'There is no security feature "{wish.feature[:40]}"; this product has {known}.', field="feature")
    return product.text(locale, f"feature.{wish.feature}.name")


def _check_person(product: Product, kind: ConsentKind, wish: Wish, locale: str) -> None:
    person = wish.person.strip()
    if not person and "{person}" in product.texts[locale].get(f"consent.{kind.slug}.phrase", ""):
        raise Invalid("For whom? Give the person's sign-in name; it stands in the phrase.", field="person")
    if len(person) > 100 or not person.isprintable():
        raise Invalid("person is at most 100 characters in one line.", field="person")


def _words(wish: Wish) -> str:
    words = wish.words.replace("\0", "").strip()
    if not words or len(words) > 4000:
        raise Invalid("Say in words what would be done, in at most 4,000 characters.", field="words")
    if len(wish.details) > 20_000:
        raise Invalid("details are at most 20,000 characters.", field="details")
    return words


def _value(wish: Wish, kind: ConsentKind, workspace: Workspace, words: str) -> Any:
    """Without an action for programs, the words are what is agreed to."""
    return wish.action if wish.action is not None else {"do": kind.slug, "workspace": workspace.slug, "what": words}


def _action(wish: Wish, kind: ConsentKind, workspace: Workspace, words: str) -> str:
    value = _value(wish, kind, workspace, words)
    if not isinstance(value, dict) or not value:
        raise Invalid("action is a JSON object that says exactly what would be done.", field="action")
    try:
        text = canonical_json(value)
    except (RuleError, RecursionError) as error:
        raise Invalid(f"action cannot be compared: {error}", field="action") from error
    if len(text) > _MOST or "\\u0000" in text:
        raise Invalid(f"action is at most {_MOST:,} characters of JSON, without NUL.", field="action")
    return text


def _case(held: Held, wish: Wish) -> Case | None:
    return held.case(wish.case) if wish.case else None


def _evidence(request: Request) -> dict[str, Any]:
    """What the chain keeps of a question."""
    names = (
        "ref", "kind", "action", "action_sha256", "words", "impact", "phrase", "details", "feature", "subject", "who_may", "approvers", "cool_off_minutes",
        "high_risk", "identity_check", "expires_at",
    )  # fmt: skip
    return {name: getattr(request, name) for name in names}


def do_withdraw(
    viewer: Viewer, ref: str, reason: str = "", *, author: str | None = None, actor: Actor, now: datetime
) -> Request:
    """Takes a question back, or a grant that nobody has used. Conflict where it is over. Withdrawing again changes nothing."""
    place = access_consent(ref, viewer).workspace
    with transaction.atomic():
        held = acting.hold_workspace(viewer, place, refs=(), author=author, actor=actor, now=now)
        request = Request.objects.select_related("workspace").get(ref=ref)
        if request.state == State.WITHDRAWN:
            return request
        if request.state not in (State.OPEN, State.GRANTED):
            raise Conflict(f"{ref} is {request.state}; there is nothing left to withdraw.")
        close(held.work, held.conversation, request, State.WITHDRAWN, held.by, reason)
        saying.say(held.work, held.conversation, request, "consent.withdrawn", "withdrawn")
        held.flush()
    return request


def close(work: Any, conversation: Any, request: Request, state: State, by: str, reason: str = "") -> None:
    """Ends a request in the caller's `Work`, with its entry in the chain."""
    request.state, request.closed_at, request.closed_by, request.reason = state, work.now, by, reason[:2000]
    work.update(request, "state", "closed_at", "closed_by", "reason")
    timers.plan(work, conversation, request)
    events.changed(work, request)
    told = {"ref": request.ref, "by": by, "reason": request.reason, **repeats.untold(request)}
    work.audit(f"consent.{state}", f"consent:{request.ref}", told, scope=conversation.scope)


__all__ = ["NotFound", "Wish", "close", "do_ask", "do_withdraw"]
