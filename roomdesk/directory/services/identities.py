"""Accounts at outside identity providers: whose they are, and what a sign-in by one means for a person's roles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple
from datetime import datetime
from typing import Any

from roomdesk.audit.work import Actor, Work
from roomdesk.directory.errors import Conflict, Forbidden, NotFound
from roomdesk.directory.models import Identity, Membership, Person
from roomdesk.directory.queries import is_staff_at
from roomdesk.directory.services import people, staff, texts
from roomdesk.directory.services.intervals import valid_at
from roomdesk.directory.services.together import together
from roomdesk.directory.services.wishes import Outcome
from roomdesk.rules.sign_in import Claimed, Provider, claimed_roles, verified_mail

#: What who is not known is told, whatever the reason: nobody learns who is.
UNKNOWN = (
    "Nobody who was given access here has this account. Ask the person who gave you access, or your account manager."
)
NO_ROLE = "Your account has no role at this desk any more. Ask whoever runs the desk for one."
NO_CLAIM = (
    "Your account says nothing of roles, so nothing was changed. Whoever runs the desk can mend that at the provider."
)
ROLE_UNKNOWN = "Your account has a role that this desk does not know, so nothing was changed: %(role)s"
OTHER_ACCOUNT = "You are linked with another account at this provider. Whoever runs the desk can change that."


def do_enter(provider: Provider, claims: Mapping[str, Any], *, now: datetime) -> Person:
    """The person of whom the provider speaks, in claims that were checked, with the staff roles that it says.

    One transaction: a link made at the first sign-in, roles begun and ended, and their audit. NotFound for who was not provisioned,
    Forbidden for who may not come in this way; then nothing is changed, except that whoever has no role there any more has none here.
    """

    def act() -> tuple[Person, str]:
        work = Work(now, Actor("system", f"provider:{provider.slug}"))
        person = _held(_found(provider, claims, now))
        _check_way(provider, person, now)
        _link(person, provider.issuer, str(claims["sub"]), work)
        problem = _take_roles(provider, claims, person, work) if provider.is_staff else ""
        work.flush()
        return person, problem

    person, problem = together(act)
    if problem:
        raise Forbidden(problem)
    return person


def _found(provider: Provider, claims: Mapping[str, Any], now: datetime) -> Person:
    """By issuer and subject; at the first sign-in by the id, or of staff by the verified mail address. NotFound."""
    known = Identity.objects.select_related("person").filter(issuer=provider.issuer, subject=str(claims["sub"])).first()
    person = known.person if known else _first_seen(provider, claims)
    if person is None or not person.is_active:
        raise NotFound(UNKNOWN)
    return person


def _first_seen(provider: Provider, claims: Mapping[str, Any]) -> Person | None:
    """The vendor's provider finds staff alone: a customer's word must never be the vendor's to give (D42)."""
    rows = Person.objects.filter(staff_roles__isnull=False).distinct() if provider.is_staff else Person.objects.all()
    if provider.id_claim:
        slug = claims.get(provider.id_claim)
        return rows.filter(slug=slug).first() if isinstance(slug, str) and "\0" not in slug else None
    mail = verified_mail(claims)
    return rows.filter(email__iexact=mail).first() if mail and "\0" not in mail else None


def _held(person: Person) -> Person:
    """Locked: of two sign-ins at the same moment, each ends and begins roles by what the other has left."""
    return Person.objects.select_for_update(no_key=True).get(pk=person.pk)


def _check_way(provider: Provider, person: Person, now: datetime) -> None:
    """A product's provider speaks for people of its workspaces, and never for staff (D5)."""
    if provider.is_staff:
        return
    theirs = Membership.objects.filter(valid_at(now), person=person, workspace__product__in=provider.products)
    if is_staff_at(person, now) or not theirs.exists():
        raise NotFound(UNKNOWN)


def _link(person: Person, issuer: str, subject: str, work: Work) -> bool:
    """Whether it is new. Conflict where either is linked otherwise: an address that passed to somebody else must not bring them in."""
    has = Identity.objects.filter(person=person, issuer=issuer).first()
    if has is None:
        by = f"{work.actor.kind}:{work.actor.name}"
        Identity.objects.create(person=person, issuer=issuer, subject=subject, linked_at=work.now, linked_by=by)
        work.audit("person.linked", f"person:{person.slug}", {"issuer": issuer, "subject": subject})
    elif has.subject != subject:
        raise Conflict(OTHER_ACCOUNT)
    return has is None


def _take_roles(provider: Provider, claims: Mapping[str, Any], person: Person, work: Work) -> str:
    """Roles begin and end as claimed; why the person does not come in, if so. Forbidden, with nothing changed, for what is not understood."""
    claimed = claimed_roles(provider, claims)
    _check_claimed(claimed)
    staff.set_exactly(person, {astuple(one) for one in claimed.roles}, work)
    return "" if claimed.roles else NO_ROLE


def _check_claimed(claimed: Claimed) -> None:
    if claimed.is_missing:
        raise Forbidden(NO_CLAIM)
    if claimed.unknown:
        raise Forbidden(ROLE_UNKNOWN % {"role": ", ".join(claimed.unknown)[:200]})


def do_link(*, id: str, issuer: str, subject: str, actor: Actor, now: datetime) -> Outcome[Person]:
    """Says beforehand which account at a provider is this person's. Idempotent. NotFound; Conflict where either is linked otherwise."""
    subject = texts.check_line(subject, "subject", 255)

    def act() -> Outcome[Person]:
        work, person = Work(now, actor), _held(people.access_person(id))
        other = Identity.objects.select_related("person").filter(issuer=issuer, subject=subject).first()
        if other is not None and other.person_id != person.pk:
            raise Conflict(
                f'This account is linked with "{other.person.slug}"; take it from them first.', field="subject"
            )
        is_new = _link(person, issuer, subject, work)
        work.flush()
        return Outcome(person, created=is_new)

    return together(act)


def do_unlink(*, id: str, issuer: str, actor: Actor, now: datetime) -> Person:
    """Takes the link with the provider away. NotFound if there is none."""

    def act() -> Person:
        work, person = Work(now, actor), _held(people.access_person(id))
        rows = Identity.objects.filter(person=person, issuer=issuer)
        gone = rows.first()
        if gone is None:
            raise NotFound(f'"{id}" is not linked with an account of this provider.', field="provider")
        rows.delete()
        work.audit("person.unlinked", f"person:{id}", {"issuer": issuer, "subject": gone.subject})
        work.flush()
        return person

    return together(act)
