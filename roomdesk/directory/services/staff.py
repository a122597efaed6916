"""What people do for the vendor. A change concerns every workspace of the product: who is in its room follows."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Collection, Iterable, Sequence

from roomdesk.audit.work import Work
from roomdesk.directory.errors import Invalid, NotFound
from roomdesk.directory.models import Person, StaffRole, Workspace
from roomdesk.directory.services.intervals import close
from roomdesk.directory.services.people import off_board, put_person, take_back, user_id
from roomdesk.directory.services.wishes import Outcome, StaffGone, StaffWish
from roomdesk.product import services as products
from roomdesk.product.problems import listed
from roomdesk.queues import lanes
from roomdesk.queues.models import InboxEvent, Lane
from roomdesk.queues.signals import INBOX, notify

Role = StaffRole.Role
#: Tells the lane of staff rooms that who belongs in them may have changed.
STAFF_CHANGED = "staff_changed"
_FIELD = re.compile(r"[a-z][a-z0-9_-]{0,39}")


def put_staff(wish: StaffWish, work: Work) -> Outcome[list[StaffRole]]:
    """The staff roles as wished for one product or for all, within the caller's transaction."""
    wanted = _wanted(wish)
    had = StaffRole.objects.filter(person__slug=wish.person.id, valid_to=None).exists()
    if wanted is None and not had:
        raise Invalid(f'"{wish.person.id}" has no staff role yet; name at least one in the field role.', field="role")
    person = put_person(wish.person, work)
    if wanted:
        take_back(person.value, work)
    changed = wanted is not None and _replace(wish, person.value.pk, wanted, work)
    if changed or (person.changed and had):
        _tell(_products(person.value.pk) | {wish.product}, wish.person.id, work)
    return Outcome(_open(wish.person.id), created=not had, changed=changed or person.changed)


def set_exactly(person: Person, wanted: Collection[tuple[str, str, str]], work: Work) -> bool:
    """The person has these roles (role, product, field) and no other from now on; whether that changed anything.

    Within the caller's transaction, which holds the person's row. Invalid for a product or field that there is not.
    """
    for _role, product, field in wanted:
        _check_place(product, field)
    have = {(row.role, row.product, row.field): row for row in _open(person.slug)}
    ended, begun = sorted(have.keys() - wanted), sorted(set(wanted) - have.keys())
    if begun:
        take_back(person, work)
    for key in ended:
        _end(have[key], work)
    for role, product, field in begun:
        StaffRole.objects.create(person=person, role=role, product=product, field=field, valid_from=work.now)
        _note(work, "staff.granted", person.slug, role, product, field)
    if ended and not wanted:
        off_board(person, work)
    if ended or begun:
        left = [user_id(person)] if ended else []
        _tell({product for _, product, _ in (*ended, *begun, *wanted)}, person.slug, work, left=left)
    return bool(ended or begun)


def _check_place(product: str, field: str) -> None:
    if product and product not in products.known():
        raise Invalid(f'There is no product "{product}". Loaded are: {listed(products.known())}.', field="product")
    known = products.product_of(products.current(product)).specialists if product and field else None
    if known is not None and field not in known:
        raise Invalid(
            f'The product "{product}" has no specialists for "{field}"; it has {listed(known)}.', field="field"
        )


def remove_staff(wish: StaffGone, work: Work) -> Outcome[list[StaffRole]]:
    """Ends staff roles. NotFound if there are none."""
    rows = [row for row in _open(wish.id) if wish.product is None or row.product == wish.product]
    if not rows:
        where = f' for the product "{wish.product}"' if wish.product else ""
        raise NotFound(f'"{wish.id}" has no staff role{where}.', field="id")
    for row in rows:
        _end(row, work)
    person = rows[0].person
    off_board(person, work)
    _tell({row.product for row in rows}, wish.id, work, left=[user_id(person)])
    return Outcome(rows, changed=True)


def _wanted(wish: StaffWish) -> set[tuple[str, str]] | None:
    """Roles with their field, checked; None: as they are."""
    if wish.product and wish.product not in products.known():
        raise Invalid(f'There is no product "{wish.product}". Loaded are: {listed(products.known())}.', field="product")
    if wish.roles is None:
        return None
    if not wish.roles:
        raise Invalid("No role is given; name at least one, or remove the person from the staff.", field="role")
    for role in wish.roles:
        _check_role(role)
    if wish.field and Role.SPECIALIST not in wish.roles:
        raise Invalid("Only a specialist has a field; leave field out, or give the role specialist.", field="field")
    return {(role, _specialty(wish) if role == Role.SPECIALIST else "") for role in wish.roles}


def _check_role(role: str) -> None:
    if role not in Role.values:
        raise Invalid(f'There is no staff role "{role}"; there are {listed(Role.values)}.', field="role")


def _specialty(wish: StaffWish) -> str:
    """A specialist's field: one of the product's, or any word for a specialist of all products."""
    known = products.product_of(products.current(wish.product)).specialists if wish.product else None
    if not _FIELD.fullmatch(wish.field):
        raise Invalid("A specialist needs a field, one word of small letters such as database.", field="field")
    if known is not None and wish.field not in known:
        raise Invalid(
            f'The product "{wish.product}" has no specialists for "{wish.field}"; it has {listed(known)}.',
            field="field",
        )
    return wish.field


def _open(slug: str) -> list[StaffRole]:
    rows = StaffRole.objects.filter(person__slug=slug, valid_to=None).select_related("person__availability")
    return list(rows.order_by("product", "role", "field"))


def _replace(wish: StaffWish, person_id: int, wanted: set[tuple[str, str]], work: Work) -> bool:
    """Ends what is not wanted and begins what is missing; a specialist of several fields is put once for each."""
    have = {(row.role, row.field): row for row in _open(wish.person.id) if row.product == wish.product}
    kept_fields = {key for key in have if key[0] == Role.SPECIALIST and Role.SPECIALIST in (wish.roles or ())}
    for key in sorted(have.keys() - wanted - kept_fields):
        _end(have[key], work)
    for role, field in sorted(wanted - have.keys()):
        StaffRole.objects.create(person_id=person_id, role=role, product=wish.product, field=field, valid_from=work.now)
        _note(work, "staff.granted", wish.person.id, role, wish.product, field)
    return bool(have.keys() - wanted - kept_fields or wanted - have.keys())


def _end(row: StaffRole, work: Work) -> None:
    close(row, work.now)
    _note(work, "staff.revoked", row.person.slug, row.role, row.product, row.field)


def _note(work: Work, action: str, person: str, role: str, product: str, field: str) -> None:
    work.audit(action, f"person:{person}", {"role": str(role), "product": product, "field": field})


def _products(person_id: int) -> set[str]:
    rows = StaffRole.objects.filter(person_id=person_id, valid_to=None)
    return set(rows.values_list("product", flat=True))


def _tell(products_concerned: Iterable[str], person: str, work: Work, left: Sequence[str] = ()) -> None:
    """Tells every workspace of these products, in slug order, and their staff rooms; the empty product means all of them.

    `left`: user ids of leavers.
    """
    slugs = set(products_concerned)
    tell_staff_rooms(products.known() if "" in slugs else slugs, work, left)
    rows = Workspace.objects.all() if "" in slugs else Workspace.objects.filter(product__in=slugs)
    events = [
        _event(lane_id, slug, person, work, left)
        for slug, lane_id in rows.order_by("slug").values_list("slug", "lane_id")
    ]
    _store(events)


def tell_staff_rooms(products_concerned: Iterable[str], work: Work, left: Sequence[str] = ()) -> None:
    """Has the rooms of these products' staff, and those of the whole staff, made or brought up to date; within the caller's transaction."""
    keys = [lanes.staff_key(slug) for slug in sorted({"", *products_concerned})]
    Lane.objects.bulk_create([Lane(key=key) for key in keys], ignore_conflicts=True)
    for key in keys:
        work.tell(key, STAFF_CHANGED, left=list(left))


def _event(lane_id: int, slug: str, person: str, work: Work, left: Sequence[str]) -> InboxEvent:
    raw = json.dumps({"kind": "people_changed", "slug": slug, "people": [person], "left": list(left)})
    return InboxEvent(source="desk", external_id=str(uuid.uuid4()), lane_id=lane_id, received_at=work.now, raw=raw)


def _store(events: Sequence[InboxEvent]) -> None:
    """As `inbox.tell`, in bulk: a product may have thousands of workspaces."""
    InboxEvent.objects.bulk_create(events, batch_size=1000)
    if events:
        notify(INBOX)
