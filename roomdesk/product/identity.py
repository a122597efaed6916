"""What a product is and sells (`product.toml`): its names, tiers, add-ons, ways in, addresses and prices."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Strict

from roomdesk.product.fields import (
    Channel,
    Colour,
    Count,
    Currency,
    Email,
    Flag,
    Locale,
    Money,
    Part,
    RefPrefix,
    Slug,
    Text,
    WebAddress,
)


class Brand(Part):
    """How the product looks on the pages: one accent colour and the words of its logo."""

    accent: Colour
    logo_text: Text
    vendor: Text


class App(Part):
    """An entry point whose avatar menu opens the same room (D2); `menu` is the path to it, as people see it."""

    slug: Slug
    name: Text
    menu: Text


class Tier(Part):
    """What a workspace buys; `channels` are the ways in and out that it is entitled to."""

    slug: Slug
    name: Text
    channels: Annotated[tuple[Channel, ...], Field(min_length=1)]


class Addon(Part):
    """Something bought beside a tier. It changes who is paged (`cover` in policy.toml), not the target (D4)."""

    slug: Slug
    name: Text
    tiers: Annotated[tuple[Slug, ...], Field(min_length=1)]


class Contact(Part):
    """Addresses and places that answers name. `example` marks those that the vendor has not published."""

    support: Email
    security: Email
    legal: Email
    billing_menu: Text
    example: Flag = False


class BackupChannel(Part):
    """A way to the vendor when Matrix is down; no `tiers` means every tier. Its use is the text `backup.<slug>`."""

    slug: Slug
    channel: Channel
    address: Text | None = None
    tiers: tuple[Slug, ...] = ()


class State(Part):
    """What a workspace's state means. `intake`: messages become cases; `paging`: a P0 may wake somebody."""

    slug: Literal["trial", "active", "suspended", "cancelled"]
    intake: Flag
    clocks: Flag
    paging: Flag
    room: Literal["open", "read_only"]


class Price(Part):
    """The monthly price of a tier or an add-on, for the whole workspace or for each seat."""

    item: Slug
    amount: Money
    per: Literal["workspace", "seat"] = "workspace"


class Plans(Part):
    """What the invoice is made of (R50–R52); `terms` is the version that a subscriber accepts."""

    currency: Currency
    terms: Text
    invoice_day: Annotated[int, Strict(), Field(ge=1, le=28)] = 1
    prices: tuple[Price, ...]
    example: Flag = False


class Limits(Part):
    """Sizes. Staff on call are in every room in advance up to `rooms_with_staff_in_advance` rooms, beyond it by need (D32)."""

    rooms_with_staff_in_advance: Count = 200


class Identity(Part):
    """The file product.toml."""

    slug: Slug
    name: Text
    ref_prefix: RefPrefix
    room: Flag
    alias: Literal["plain", "suffixed", "none"] = "plain"
    chat_url: WebAddress | None = None
    docs_url: WebAddress | None = None
    region: Text | None = None
    locales: Annotated[tuple[Locale, ...], Field(min_length=1)]
    default_locale: Locale
    brand: Brand
    apps: tuple[App, ...] = ()
    contact: Contact
    tier_rows: Annotated[tuple[Tier, ...], Field(alias="tiers", min_length=1)]
    addon_rows: Annotated[tuple[Addon, ...], Field(alias="addons")] = ()
    backup: tuple[BackupChannel, ...]
    state_rows: Annotated[tuple[State, ...], Field(alias="states", min_length=4)]
    specialists: tuple[Slug, ...] = ()
    plans: Plans
    limits: Limits = Limits()
