"""Persons: one identity each, with a Matrix account that is made and named by the outbox."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db.models import Q

from roomdesk.audit.work import Actor, Work
from roomdesk.bootstrap import settings
from roomdesk.directory.errors import Conflict, Invalid, NotFound
from roomdesk.directory.models import Identity, Person
from roomdesk.directory.services import texts
from roomdesk.directory.services.together import together
from roomdesk.directory.services.wishes import Outcome, PersonWish

#: Beginnings of Matrix names that belong to the desk itself.
RESERVED = ("support", "roomdesk")
SHORTEST_PASSWORD = 8

_PROFILE = ("name", "email", "locale")
#: The name of somebody whose profile was erased.
GONE = "(erased)"


def put_person(wish: PersonWish, work: Work) -> Outcome[Person]:
    """The person as wished, within the caller's transaction."""
    texts.check_person_id(wish.id)
    person = Person.objects.filter(slug=wish.id).select_for_update(no_key=True).first()
    before = {name: getattr(person, name) for name in _PROFILE} if person else {}
    after = _profile(wish, before)
    if person and before == after:
        return Outcome(person)
    _check_email_is_free(after["email"], wish.id)
    if person is None:
        return Outcome(_create(wish.id, after, work), created=True, changed=True)
    return Outcome(_change(person, before, after, work), changed=True)


def _profile(wish: PersonWish, before: dict[str, str]) -> dict[str, str]:
    name = wish.name if wish.name is not None else before.get("name", texts.titled(wish.id))
    email = wish.email if wish.email is not None else before.get("email", "")
    locale = wish.locale if wish.locale is not None else before.get("locale", "")
    return {
        "name": texts.check_line(name, "name"),
        "email": texts.check_email(email),
        "locale": texts.check_locale(locale),
    }


def _check_email_is_free(email: str, slug: str) -> None:
    if email and Person.objects.filter(email__iexact=email).exclude(slug=slug).exists():
        raise Conflict(
            f'The mail address "{email}" belongs to somebody else; everybody has one id and an address of their own.',
            field="email",
        )


def _create(slug: str, profile: dict[str, str], work: Work) -> Person:
    person = Person.objects.create(
        slug=slug, localpart=_free_localpart(slug), password=make_password(None), created_at=work.now, **profile
    )
    work.audit("person.created", f"person:{slug}", {"after": {**profile, "localpart": person.localpart}})
    _provision(person, work)
    return person


def _change(person: Person, before: dict[str, str], after: dict[str, str], work: Work) -> Person:
    changed = [name for name in _PROFILE if before[name] != after[name]]
    for name in changed:
        setattr(person, name, after[name])
    person.save(update_fields=changed)
    work.audit("person.changed", f"person:{person.slug}", only(changed, before, after))
    if "name" in changed:
        _provision(person, work)
    return person


def only(names: list[str], before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What changed, for the audit."""
    return {"before": {name: before[name] for name in names}, "after": {name: after[name] for name in names}}


def _free_localpart(slug: str) -> str:
    """A Matrix name nobody has: the id, with `u.` before it where it would look like the desk's own."""
    wanted = f"u.{slug}" if slug.startswith(RESERVED) else slug
    while Person.objects.filter(localpart=wanted).exists():
        wanted = f"u.{wanted}"
    return wanted


def user_id(person: Person) -> str:
    """The person's Matrix id."""
    return f"@{person.localpart}:{settings.matrix_server_name}"


def _provision(person: Person, work: Work, *, unlock: bool = False) -> None:
    """Plans the making, renaming or opening of the Matrix account."""
    payload: dict[str, Any] = {"user_id": user_id(person), "display_name": person.name, "subject": person.slug}
    payload |= {"unlock": True} if unlock else {}
    # The instant belongs to the key: somebody renamed there and back must get the first name again.
    digest = hashlib.sha256(repr((sorted(payload.items()), work.now)).encode()).hexdigest()[:16]
    work.send(
        "matrix", "provision", f"matrix:user:{person.localpart}", payload, once=f"provision:{person.slug}:{digest}"
    )


def forget_profile(person: Person, work: Work) -> None:
    """Takes name, address, language and outside accounts of somebody who belongs nowhere any more, here and at the homeserver; their id stays."""
    Identity.objects.filter(person=person).delete()
    person.name, person.email, person.locale = GONE, "", ""
    person.save(update_fields=[*_PROFILE])
    work.audit("person.profile_erased", f"person:{person.slug}", {})
    _provision(person, work)


def off_board(person: Person, work: Work) -> None:
    """After a role of the person has ended: where it was the last one, the Matrix account is locked and its sessions end.

    Only where the accounts are the desk's to manage. Of two roles that end side by side, the second sees that it is the last.
    """
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    if belongs(person):
        return
    is_managed = settings.accounts == "managed"
    work.audit("person.left", f"person:{person.slug}", {"account": "locking" if is_managed else "kept"})
    if is_managed:
        work.send("matrix", "lock", f"matrix:user:{person.localpart}", {"user_id": user_id(person)})


def take_back(person: Person, work: Work) -> None:
    """Before a role begins: whoever left and comes back gets the locked account opened, in the order of the lock."""
    left = not belongs(person) and (person.memberships.exists() or person.staff_roles.exists())
    if left and settings.accounts == "managed":
        _provision(person, work, unlock=True)


def belongs(person: Person) -> bool:
    """Whether they are a member of a workspace or of the staff, from now on or later."""
    still_open = Q(valid_to=None)
    return person.memberships.filter(still_open).exists() or person.staff_roles.filter(still_open).exists()


def do_put_person(
    *,
    id: str,
    name: str | None = None,
    email: str | None = None,
    locale: str | None = None,
    actor: Actor,
    now: datetime,
) -> Person:
    """Creates or changes a person. Idempotent. Conflict: the mail address is somebody else's."""
    wish = PersonWish(id=id, name=name, email=email, locale=locale)

    def act() -> Person:
        work = Work(now, actor)
        outcome = put_person(wish, work)
        work.flush()
        return outcome.value

    return together(act)


def do_set_password(*, id: str, password: str, actor: Actor, now: datetime) -> Person:
    """Sets the password for the embedded identity provider. NotFound, or Invalid for one that is too short."""
    if len(password) < SHORTEST_PASSWORD:
        raise Invalid(f"The password is too short; use at least {SHORTEST_PASSWORD} characters.", field="password")

    def act() -> Person:
        person = access_person(id)
        person.password = make_password(password)
        person.save(update_fields=["password"])
        work = Work(now, actor)
        work.audit("person.password_set", f"person:{person.slug}", {})
        work.flush()
        return person

    return together(act)


def access_person(slug: str) -> Person:
    """NotFound if there is nobody of this id."""
    person = Person.objects.filter(slug=slug).first()
    if person is None:
        raise NotFound(f'There is no person "{slug}".', field="id")
    return person
