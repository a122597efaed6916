"""Canned answers that administrators write in the console, beside those of the product's files (`macros`). Every write is audited.

A file's macro goes before one of the same name here: what the files say has been reviewed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError, transaction

from roomdesk.audit.work import Actor, Work
from roomdesk.cases.models import StoredMacro
from roomdesk.directory.administering import administered
from roomdesk.directory.errors import Conflict, Forbidden, Invalid, NotFound
from roomdesk.directory.queries import Viewer
from roomdesk.product.problems import listed
from roomdesk.product.queries import newest, product_of
from roomdesk.product.schema import Product
from roomdesk.product.services import known
from roomdesk.product.texts import PLACEHOLDER, fill
from roomdesk.rules.macro import KNOWN

STATES = ("investigating", "waiting_customer", "waiting_third_party")
MOST, LONGEST = 200, 4000
_SLUG = re.compile(r"[a-z][a-z0-9_-]{0,62}")


@dataclass(frozen=True, slots=True)
class Wish:
    """A macro as it shall be: its text in each language of the product, and what the case becomes (empty: nothing)."""

    texts: Mapping[str, str] = field(default_factory=dict)
    state: str = ""


def of(product: str) -> Sequence[StoredMacro]:
    """Those of a product, by name. One query."""
    return list(StoredMacro.objects.filter(product=product).order_by("slug"))


def of_all(products: Sequence[str]) -> dict[str, list[StoredMacro]]:
    """Those of several products, by product and name. One query."""
    found: dict[str, list[StoredMacro]] = {}
    for one in StoredMacro.objects.filter(product__in=products).order_by("product", "slug"):
        found.setdefault(one.product, []).append(one)
    return found


def access_products(viewer: Viewer, at: datetime) -> list[Product]:
    """The products whose macros the viewer may write, as they are now. Forbidden for whoever administers none."""
    own = administered(viewer, at)
    if not own:
        raise Forbidden("Only administrators see and change macros.")
    versions = newest([slug for slug in known() if {"", slug} & own])
    return [product_of(version.pk) for _, version in sorted(versions.items())]


def access_product(viewer: Viewer, slug: str, at: datetime) -> Product:
    """One of them. NotFound, in the same words, if it is missing or not the viewer's."""
    found = next((one for one in access_products(viewer, at) if one.slug == slug), None)
    if found is None:
        raise NotFound(f'There is no product "{slug[:60]}", or its macros are not yours to change.', field="product")
    return found


def access_macro(viewer: Viewer, product: str, slug: str, at: datetime) -> tuple[Product, StoredMacro]:
    """A macro with its product. NotFound."""
    owner = access_product(viewer, product, at)
    found = StoredMacro.objects.filter(product=owner.slug, slug=slug).first()
    if found is None:
        raise NotFound(f'There is no macro "{slug[:60]}" that was written here.', field="slug")
    return owner, found


def do_put(
    viewer: Viewer,
    product: str,
    slug: str,
    texts: Mapping[str, str],
    state: str | None,
    *,
    actor: Actor,
    now: datetime,
) -> tuple[StoredMacro, bool]:
    """Makes or changes one; gives it, and whether it is new. A language left out keeps its text, None keeps what the case becomes. Idempotent.

    Invalid with the field; Conflict where the product's files have one of this name, or somebody else was quicker.
    """
    owner = access_product(viewer, product, now)
    with transaction.atomic():
        found = StoredMacro.objects.select_for_update(no_key=True).filter(product=owner.slug, slug=slug).first()
        if found is None:
            return do_make(viewer, product, slug, Wish(texts, state or ""), actor=actor, now=now), True
        # A language that the product no longer has goes with the next change.
        kept = {locale: text for locale, text in found.texts.items() if locale in owner.locales}
        wish = Wish({**kept, **texts}, found.state if state is None else state)
        return do_change(viewer, product, slug, wish, actor=actor, now=now), False


def do_make(viewer: Viewer, product: str, slug: str, wish: Wish, *, actor: Actor, now: datetime) -> StoredMacro:
    """A new one. Invalid with the field; Conflict where the product has one of this name."""
    owner = access_product(viewer, product, now)
    if not _SLUG.fullmatch(slug):
        raise Invalid(f'"{slug[:60]}" cannot be a name; use small letters, digits, "_" and "-".', field="slug")
    asks = check(owner, wish)
    with transaction.atomic():
        if slug in owner.macros:
            raise Conflict(f'The files of {owner.slug} have a macro "{slug}" already.', field="slug")
        if StoredMacro.objects.filter(product=owner.slug).count() >= MOST:
            raise Conflict(f"{owner.slug} has {MOST} macros, and there can be no more; remove one first.", field="slug")
        made = StoredMacro(product=owner.slug, slug=slug)
        _keep(made, wish, asks, "macro.made", actor, now)
    return made


def do_change(viewer: Viewer, product: str, slug: str, wish: Wish, *, actor: Actor, now: datetime) -> StoredMacro:
    """Changes one; the same again writes nothing. NotFound, or Invalid with the field."""
    owner, seen = access_macro(viewer, product, slug, now)
    asks = check(owner, wish)
    with transaction.atomic():
        found = StoredMacro.objects.select_for_update(no_key=True).filter(pk=seen.pk).first()
        if found is None:
            raise NotFound(f'Somebody else has just removed "{slug}". Nothing was changed.', field="slug")
        if (found.texts, found.state) != (dict(wish.texts), wish.state):
            _keep(found, wish, asks, "macro.changed", actor, now)
    return found


def do_remove(viewer: Viewer, product: str, slug: str, *, actor: Actor, now: datetime) -> None:
    """Removes one. What was said by it stays said."""
    _, found = access_macro(viewer, product, slug, now)
    with transaction.atomic():
        if StoredMacro.objects.filter(pk=found.pk).delete()[0]:
            _audit("macro.removed", found, actor, now)


def _keep(macro: StoredMacro, wish: Wish, asks: Sequence[str], action: str, actor: Actor, now: datetime) -> None:
    macro.texts, macro.state, macro.asks = dict(wish.texts), wish.state, list(asks)
    macro.changed_at, macro.changed_by = now, actor.name
    try:
        with transaction.atomic():
            macro.save()
    except IntegrityError as error:
        raise Conflict(f'There is a macro "{macro.slug}" already; nothing was changed.', field="slug") from error
    _audit(action, macro, actor, now)


def _audit(action: str, macro: StoredMacro, actor: Actor, now: datetime) -> None:
    work = Work(now, actor)
    work.audit(action, f"macro:{macro.product}/{macro.slug}", {"texts": macro.texts, "state": macro.state})
    work.flush()


def check(product: Product, wish: Wish) -> list[str]:
    """The variables that the texts ask for, in their order. Invalid, with the field, for what could not be said."""
    if wish.state and wish.state not in STATES:
        raise Invalid(f'A macro makes no case "{wish.state[:40]}"; it can make it {listed(STATES)}.', field="state")
    for locale in wish.texts:
        if locale not in product.locales:
            raise Invalid(
                f'{product.slug} has no language "{locale[:20]}"; it has {listed(product.locales)}.', field="texts"
            )
    found: list[str] | None = None
    for locale in product.locales:
        text, name = wish.texts.get(locale, ""), f"text.{locale}"
        if not text.strip():
            raise Invalid(f"The text in the language {locale} is missing; people get their own language.", field=name)
        if len(text) > LONGEST:
            raise Invalid(f"A text has at most {LONGEST} characters; this one has {len(text)}.", field=name)
        asks = [one for one in dict.fromkeys(PLACEHOLDER.findall(text)) if one not in KNOWN]
        if any(len(one) > 40 for one in asks):
            raise Invalid("The name of a variable has at most 40 letters.", field=name)
        found = asks if found is None else found
        if set(asks) != set(found):
            wanted = listed([f"{{{one}}}" for one in found]) if found else "none"
            raise Invalid(f"Every language asks for the same variables; the first one asks for {wanted}.", field=name)
    return found or []


def said(text: str, values: Mapping[str, str]) -> str:
    """The text with these values; a variable that has none yet stays in braces."""
    rest = {name: f"{{{name}}}" for name in PLACEHOLDER.findall(text)}
    return fill("macro", text, {**rest, **values})
