"""What a product allows for its workspaces. Each check raises Invalid with the field and what there is instead."""

from __future__ import annotations

from zoneinfo import available_timezones

from roomdesk.directory.errors import Invalid
from roomdesk.directory.models import Workspace
from roomdesk.product.problems import listed
from roomdesk.product.schema import Product


def check_terms(tier: str, addons: tuple[str, ...], state: str, product: Product) -> None:
    """Tier, add-ons and state together: an add-on is sold with some tiers only."""
    if tier not in product.tiers:
        raise Invalid(
            f'The product "{product.slug}" has no tier "{tier}"; it has {listed(product.tiers)}.', field="tier"
        )
    for addon in addons:
        _check_addon(addon, tier, product)
    if state not in Workspace.State.values:
        raise Invalid(
            f'A workspace cannot be "{state}"; its state is {_either(Workspace.State.values)}.', field="state"
        )


def _check_addon(addon: str, tier: str, product: Product) -> None:
    if addon not in product.addons:
        raise Invalid(
            f'The product "{product.slug}" has no add-on "{addon}"; it has {listed(product.addons)}.', field="addons"
        )
    if tier not in product.addons[addon].tiers:
        tiers = listed(product.addons[addon].tiers)
        raise Invalid(f'The add-on "{addon}" is not sold with the tier "{tier}", only with {tiers}.', field="addons")


def check_locale(locale: str, product: Product) -> None:
    if locale not in product.locales:
        raise Invalid(
            f'The product "{product.slug}" does not speak "{locale}"; it speaks {listed(product.locales)}.',
            field="locale",
        )


def check_time_zone(name: str) -> None:
    """A name of the time zone database, or nothing for the product's own."""
    if name and name not in available_timezones():
        raise Invalid(f'There is no time zone "{name}"; write a name such as Europe/Sofia.', field="time_zone")


def _either(words: list[str]) -> str:
    return " or ".join(words)
