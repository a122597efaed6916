"""What changes for whole workspaces in a year: tiers, add-ons, states, policies, and promises that are changed while they run."""

from __future__ import annotations

from random import Random

from roomdesk.clocks.retargeting import do_retarget
from roomdesk.directory.services import do_put_workspace
from roomdesk.runtime import clock
from tests.year import schedule
from tests.year.desk import EVERYBODY, Desk, Happens
from tests.year.place import POLICIES, PRODUCTS, VENDOR, Place, addons_of, load_policy

#: When which policy is loaded, and for how large a part of the product's workspaces it is then made to hold at once.
LOADED = (
    ("02-17T09:12", "closure", 0.0),
    ("03-30T07:40", "longer day", 1.0),
    ("05-12T08:20", "trials without clocks", 0.3),
    ("06-16T15:05", "stricter", 0.4),
    ("07-20T11:45", "suspended without clocks", 0.4),
    ("08-28T18:30", "opening", 1.0),
    ("09-21T06:45", "other warnings", 0.5),
    ("10-07T16:50", "trials with clocks", 0.3),
    ("11-11T10:10", "looser", 0.5),
)


def plan(desk: Desk) -> None:
    for when, name, share in LOADED:
        at = schedule.micros(clock.now().fromisoformat(f"2026-{when}:00.007Z"))
        desk.plan(at, _loads(name, share))
    for place in desk.places:
        if desk.rng.random() < 0.5:
            desk.plan(schedule.BEGIN + desk.rng.randrange(schedule.END - schedule.BEGIN), _buys(place, desk.rng))


def _loads(name: str, share: float) -> Happens:
    def happens(desk: Desk) -> None:
        product = load_policy(name, desk.folder)
        desk.done["policies"] += 1
        chosen = [p for p in desk.places if p.product == product and desk.rng.random() < share]
        for place in chosen:
            desk.plan(desk.now + desk.rng.randrange(schedule.DAY), _retargets(place))
        if share == 1.0:
            desk.plan(desk.now + schedule.MINUTE, _retargets_all(product))

    assert name in POLICIES
    return happens


def _retargets_all(product: str) -> Happens:
    return lambda desk: _retarget(desk, product=product)


def _retargets(place: Place) -> Happens:
    return lambda desk: _retarget(desk, workspace=place.slug)


def _retarget(desk: Desk, **which: str) -> None:
    for dry_run in (True, False):
        desk.attempt(
            "retarget",
            do_retarget,
            EVERYBODY,
            reason="New terms",
            dry_run=dry_run,
            actor=VENDOR,
            now=clock.now(),
            **which,
        )


def _buys(place: Place, rng: Random) -> Happens:
    def happens(desk: Desk) -> None:
        tier = rng.choice(PRODUCTS[place.product][1])
        state = rng.choices(("active", "trial", "suspended", "cancelled"), (88, 4, 5, 3))[0]
        terms = {"tier": tier, "addons": addons_of(place, tier, rng), "state": state}
        desk.attempt("terms", do_put_workspace, slug=place.slug, **terms, actor=VENDOR, now=clock.now())
        desk.heard()
        if rng.random() < 0.6:
            desk.plan(desk.now + rng.randrange(6 * schedule.DAY), _retargets(place))

    return happens
