"""Rotas that are stored: written, departed from by swaps, asked who is on call (R40). Every write is audited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from roomdesk.audit.work import Actor, Work
from roomdesk.directory.administering import administered
from roomdesk.directory.errors import Conflict, Forbidden, Invalid, NotFound
from roomdesk.directory.models import Person, StaffRole
from roomdesk.directory.queries import Viewer, staff_at
from roomdesk.directory.services.intervals import valid_at
from roomdesk.oncall import hand_over, taken_over
from roomdesk.oncall.checking import read_rota
from roomdesk.oncall.models import Rota, Swap
from roomdesk.product import services as products
from roomdesk.product.problems import listed
from roomdesk.product.queries import newest, product_of
from roomdesk.rules import rota as rules
from roomdesk.rules.rota import Shift

#: How far a swap may reach, and how far back somebody's shift is looked for.
LONGEST_SWAP = timedelta(days=92)


@dataclass(frozen=True, slots=True)
class Wish:
    """A departure from the rota. `start` and `end` left out mean the shift that `instead_of` has, or has next, in the layer."""

    layer: str | None
    person: str
    reason: str
    start: datetime | None = None
    end: datetime | None = None
    instead_of: str | None = None


def check_sees(viewer: Viewer, product: str) -> None:
    """Rotas are the vendor's own business. NotFound in the same words for a product that is missing and one that is not the viewer's."""
    is_staff = viewer.sees_all or product in viewer.products
    if not is_staff or product not in products.known():
        raise NotFound(f'There is no product "{product}", or it is not yours to see.', field="product")


def check_leads(viewer: Viewer, product: str, at: datetime) -> None:
    """Rotas are written by leads and administrators of the product, and by programs that may do everything."""
    check_sees(viewer, product)
    leads = StaffRole.objects.filter(valid_at(at), person__slug=viewer.name, role=StaffRole.Role.LEAD)
    is_lead = viewer.person_id is not None and leads.filter(product__in=["", product]).exists()
    if not is_lead and not {"", product} & administered(viewer, at):
        raise Forbidden(
            "Only leads and administrators of the product write its rota; a shift of your own you can swap."
        )


def access_rota(viewer: Viewer, product: str) -> Rota:
    """The product's rota. NotFound, also where none is written yet."""
    check_sees(viewer, product)
    found = Rota.objects.filter(product=product).first()
    if found is None:
        raise NotFound(f'"{product}" has no rota yet.', field="product")
    return found


def check_put(viewer: Viewer, product: str, written: Mapping[str, Any], *, now: datetime) -> rules.Rota:
    """Refuses what `do_put` would refuse, and gives the rota as it would be, with the swaps that stay. Stores nothing."""
    plain_one, meant = _checked(viewer, product, written, now)
    found = Rota.objects.filter(product=product).first()
    _check_swaps(found, {layer.name for layer in meant.layers}, now)
    return read_rota(product, {**plain_one, "overrides": _overrides(found)}) if found else meant


def _checked(
    viewer: Viewer, product: str, written: Mapping[str, Any], now: datetime
) -> tuple[dict[str, Any], rules.Rota]:
    check_leads(viewer, product, now)
    check_ours(product)
    found = plain(written)
    if "overrides" in found:
        raise Invalid(
            "A stored rota has its overrides beside it: make them as swaps, each with its reason.", field="overrides"
        )
    meant = read_rota(product, found)
    _check_people(product, {person for layer in meant.layers for person in layer.people}, now)
    return found, meant


def do_put(
    viewer: Viewer,
    product: str,
    written: Mapping[str, Any],
    *,
    actor: Actor,
    now: datetime,
    version: int | None = None,
) -> Rota:
    """Stores the rota as it is written; what was swapped stays. Invalid with the field for what is wrong in it. Idempotent.

    `version` is the one that was read before it was changed (0: there was none): Conflict where somebody has changed it since.
    """
    plain_one, meant = _checked(viewer, product, written, now)
    with transaction.atomic():
        found = Rota.objects.select_for_update(no_key=True).filter(product=product).first()
        if found is not None and found.written == plain_one:
            return found
        if version is not None and version != (found.version if found else 0):
            raise Conflict(
                "Somebody else has changed the rota meanwhile; load the page again to see how.", field="version"
            )
        _check_swaps(found, {layer.name for layer in meant.layers}, now)
        made = found or Rota(product=product, version=0)
        made.written, made.version, made.changed_at, made.changed_by = plain_one, made.version + 1, now, actor.name
        made.source = Rota.Source.ROOMDESK
        made.save()
        _note(made, "rota.put", {"version": made.version, "written": plain_one}, actor, now)
    return made


def do_swap(viewer: Viewer, product: str, wish: Wish, *, actor: Actor, now: datetime) -> Swap:
    """Puts somebody else on call for a time. Whoever is staff may give a shift of their own away; others leads and administrators.

    Invalid with the field for a layer or person that is none, a time that is none or over; a reason is needed.
    """
    rota = access_rota(viewer, product)
    check_ours(product, rota)
    if wish.instead_of is None or wish.instead_of != viewer.name or viewer.kind != "staff":
        check_leads(viewer, product, now)
    if not wish.reason.strip():
        raise Invalid("Why? A swap needs its reason.", field="reason")
    _check_people(product, {wish.person}, now)
    with transaction.atomic():
        rota = Rota.objects.select_for_update(no_key=True).get(pk=rota.pk)
        layer, start, end = _span(rota, wish, now)
        made = Swap.objects.create(
            rota=rota, layer=layer, person=wish.person, start=start, end=end, reason=wish.reason.strip()[:300],
            made_at=now, made_by=actor.name,
        )  # fmt: skip
        _note(rota, "rota.swapped", _told(made), actor, now)
    return made


def do_end_swap(viewer: Viewer, product: str, number: int, *, actor: Actor, now: datetime) -> Swap:
    """Takes a swap back: from now on the rota holds again. Whoever made it may, and leads and administrators. Idempotent."""
    rota = access_rota(viewer, product)
    with transaction.atomic():
        rota = Rota.objects.select_for_update(no_key=True).get(pk=rota.pk)
        found = rota.swaps.filter(pk=number).first() if 0 < number < 1 << 63 else None
        if found is None:
            raise NotFound(f"There is no swap {number} in the rota of {product}.", field="swap")
        if found.made_by != actor.name:
            check_leads(viewer, product, now)
        if found.ended_at is None:
            found.ended_at, found.ended_by = now, actor.name
            found.save(update_fields=["ended_at", "ended_by"])
            _note(rota, "rota.swap_ended", _told(found), actor, now)
    return found


def rota_of(rota: Rota) -> rules.Rota:
    """The rota with its swaps, as the rules take it. What was taken back held until then; PagerDuty's knows no swaps of ours."""
    if rota.source == Rota.Source.PAGERDUTY:
        return taken_over.rota(rota.written)
    return read_rota(rota.product, {**rota.written, "overrides": _overrides(rota)})


def _overrides(rota: Rota) -> list[dict[str, Any]]:
    return [_override(one) for one in rota.swaps.order_by("pk") if _until(one) > one.start]


def _override(one: Swap) -> dict[str, Any]:
    return {"layer": one.layer, "person": one.person, "start": one.start, "end": _until(one), "reason": one.reason}


def _until(one: Swap) -> datetime:
    """Until when it holds; what is taken back is over at once, so of a second the beginning counts."""
    return _whole(min(one.end, one.ended_at)) if one.ended_at else one.end


def on_call(product: str, at: datetime) -> tuple[Shift, ...] | None:
    """Who is on call for a product at an instant, in the order in which they are called; None where there is no rota."""
    found = Rota.objects.filter(product=product).first()
    return None if found is None else rules.on_call(rota_of(found), at)


def people(shifts: tuple[Shift, ...]) -> list[Person]:
    """The people of these shifts who may still sign in, in their order, each once."""
    order = list(dict.fromkeys(one.person for one in shifts))
    found = {person.slug: person for person in Person.objects.filter(slug__in=order, is_active=True)}
    return [found[slug] for slug in order if slug in found]


def people_of(rota: Rota) -> set[str]:
    """Everybody who takes turns in it."""
    return {person for layer in rota_of(rota).layers for person in layer.people}


def check_ours(product: str, rota: Rota | None = None) -> None:
    """Conflict where the rota is PagerDuty's, and only taken over here."""
    source = product_of(newest([product])[product].pk).oncall.source
    if Rota.Source.PAGERDUTY in (source, rota.source if rota else ""):
        raise Conflict(
            f"The rota of {product} is PagerDuty's, and only taken over here: change it there, or write source = "
            '"roomdesk" under [oncall] in policy.toml and put a rota.',
            field="product",
        )


def _span(rota: Rota, wish: Wish, now: datetime) -> tuple[str, datetime, datetime]:
    layers = [layer["name"] for layer in rota.written["layers"]]
    if wish.layer is not None and wish.layer not in layers:
        raise Invalid(f'There is no layer "{wish.layer}"; this rota has {listed(layers)}.', field="layer")
    if wish.start is None and wish.end is None:
        return _shift_of(rota, wish, now)
    if wish.layer is None and len(layers) > 1:
        raise Invalid(f"Which layer? This rota has {listed(layers)}.", field="layer")
    start, end = (_whole(at) for at in (wish.start or now, wish.end or now))
    if not start < end <= start + LONGEST_SWAP or end <= now:
        raise Invalid("A swap ends after its start, in time to come, and within 92 days of it.", field="end")
    return wish.layer or layers[0], start, end


def _shift_of(rota: Rota, wish: Wish, now: datetime) -> tuple[str, datetime, datetime]:
    """The shift that somebody has now, from now on, or has next."""
    whose = wish.instead_of
    if whose is None:
        raise Invalid("Whose shift, or from when until when? Give either.", field="instead_of")
    coming = rules.shifts(rota_of(rota), now - timedelta(days=31), now + timedelta(days=92))
    found = next((s for s in coming if s.person == whose and s.end > now and wish.layer in (None, s.layer)), None)
    if found is None:
        raise Conflict(f"{whose} is not on call within 92 days.", field="instead_of")
    return found.layer, max(found.start, _whole(now)), found.end


def _check_people(product: str, wanted: set[str], now: datetime) -> None:
    staff = {row.person.slug for row in staff_at(now, [product]) if row.person.is_active}
    if strangers := sorted(wanted - staff):
        raise Invalid(f"{listed(strangers)}: nobody of this product's staff is called so.", field="people")


def _check_swaps(found: Rota | None, layers: set[str], now: datetime) -> None:
    """A swap that is still to come must keep its layer: nobody finds out by night that it went."""
    coming = found.swaps.filter(ended_at=None, end__gt=now).exclude(layer__in=layers) if found else ()
    if lost := sorted({swap.layer for swap in coming}):
        raise Conflict(f"Swaps to come belong to {listed(lost)}; end them first, or keep the layer.", field="layers")


def _whole(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)


def plain(written: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON has it: dates and instants of TOML as text."""
    return {str(key): _plain(value) for key, value in written.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return plain(value)
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.isoformat().replace("+00:00", "Z") if hasattr(value, "isoformat") else value


def _told(made: Swap) -> dict[str, Any]:
    names = ("layer", "person", "start", "end", "reason")
    return {"swap": made.pk, **{name: getattr(made, name) for name in names}}


def _note(rota: Rota, action: str, data: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    """On record; rooms and hand-overs follow."""
    work = Work(now, actor)
    work.audit(action, f"rota:{rota.product}", data)
    hand_over.changed(work, rota, rules.next_hand_over(rota_of(rota), now))
    work.flush()
