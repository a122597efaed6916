"""Canned answers of a product, from its files and from the console: said in the customer's language as the member of the staff who chose them, with what the case
becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from roomdesk.cases import life, stored_macros, together, writing
from roomdesk.cases.acting import Held
from roomdesk.cases.conversation import Open
from roomdesk.cases.models import Case, StoredMacro
from roomdesk.cases.queries import access_case, is_staff
from roomdesk.cases.together import Hands
from roomdesk.directory.errors import Conflict, Forbidden, Invalid
from roomdesk.directory.models import Person
from roomdesk.directory.queries import Viewer
from roomdesk.product.problems import listed
from roomdesk.product.queries import newest, product_of
from roomdesk.product.requests import Macro
from roomdesk.product.schema import Product
from roomdesk.record.models import Message
from roomdesk.rules import case_states
from roomdesk.rules.errors import RuleError
from roomdesk.rules.macro import refusal

_WHY = ("macro", "It was said by the macro {}.")


@dataclass(frozen=True, slots=True)
class Offer:
    """A macro as it would be said in a case: `text` with what the desk knows filled in, and what it asks for in braces."""

    slug: str
    text: str
    asks: tuple[str, ...]
    state: str | None


def access_macros(viewer: Viewer, ref: str, agent: str = "") -> list[Offer]:
    """The macros of the case's product, in its file's order, then those written in the console. For staff: Forbidden for others. `agent`: the name of who would say them."""
    case = access_case(ref, viewer)
    if not is_staff(viewer):
        raise Forbidden("Macros are for staff.")
    return offers(case, agent)


def offers(case: Case, agent: str) -> list[Offer]:
    """As `access_macros`, for a case to which somebody of the staff has access."""
    product = product_of(newest([case.product])[case.product].pk)
    return [_offer(product, case, canned, agent) for canned in _all(product).values()]


@dataclass(frozen=True, slots=True)
class _Canned:
    """A macro, with its texts by locale where they are not the product's own."""

    macro: Macro
    texts: Mapping[str, str] | None = None


def _all(product: Product) -> dict[str, _Canned]:
    """By name. One query."""
    stored = {one.slug: _Canned(Macro.model_validate(_row(one)), one.texts) for one in stored_macros.of(product.slug)}
    files = {macro.slug: _Canned(macro) for macro in product.macro_rows}
    return {**files, **{slug: one for slug, one in stored.items() if slug not in files}}


def _row(one: StoredMacro) -> dict[str, Any]:
    return {"slug": one.slug, "asks": one.asks, **({"state": one.state} if one.state else {})}


def _offer(product: Product, case: Case, canned: _Canned, agent: str) -> Offer:
    macro = canned.macro
    asked = {name: f"{{{name}}}" for name in macro.asks}
    return Offer(macro.slug, _filled(product, case, canned, agent, asked), macro.asks, macro.state)


def do_macro(hands: Hands, ref: str, slug: str, values: Mapping[str, str], *, channel: str) -> Message:
    """Says the macro in the case as `hands.author`, in the workspace's language, and moves the case where the macro says so.

    Invalid for a macro or a variable that does not exist, or one that is missing; Conflict where nothing can be said, or the
    case cannot become what the macro makes of it: then nothing is said either.
    """
    if hands.author is None:
        raise Invalid("An answer needs somebody of the staff who gives it.", field="author")
    with transaction.atomic():
        found = together.hold(hands, [ref])
        held = found.held(ref)
        entry = held.entry(ref)
        product = held.conversation.product
        assert product is not None and found.author is not None
        canned = _access(product, slug)
        macro = canned.macro
        text = _text(product, entry, canned, found.author, values)
        _check_move(entry, macro)
        why = (_WHY[0], _WHY[1].format(slug))
        said = writing.say(found.work, held.conversation, entry, found.author.slug, text, channel, why)
        _move(held, entry, macro)
        found.flush()
    return said


def _access(product: Product, slug: str) -> _Canned:
    found = _all(product)
    if slug not in found:
        raise Invalid(f'There is no macro "{slug[:60]}"; this product has {listed(found)}.', field="macro")
    return found[slug]


def _text(product: Product, entry: Open, canned: _Canned, author: Person, values: Mapping[str, str]) -> str:
    wrong = refusal(canned.macro.slug, canned.macro.asks, values)
    if wrong:
        raise Invalid(wrong, field="values")
    return writing.check_text(_filled(product, entry.case, canned, author.name, values))


def _filled(product: Product, case: Case, canned: _Canned, agent: str, values: Mapping[str, str]) -> str:
    workspace = case.workspace
    customer = case.opened_by.name if case.opened_by else workspace.display_name
    known = {"ref": case.ref, "customer": customer, "workspace": workspace.display_name, "agent": agent}
    if canned.texts is None:
        return product.text(workspace.locale, canned.macro.text_key, **{**known, **values})
    # A language that the product has got since is answered in the one that was written first.
    text = canned.texts.get(product.locale_for(workspace.locale)) or next(iter(canned.texts.values()))
    return stored_macros.said(text, {**known, **values})


def _check_move(entry: Open, macro: Macro) -> None:
    if macro.state is None:
        return
    try:
        case_states.check_move(entry.case.ref, entry.case.state, macro.state)
    except RuleError as error:
        raise Conflict(str(error), field="macro") from error


def _move(held: Held, entry: Open, macro: Macro) -> None:
    if macro.state is not None and entry.case.state != macro.state:
        state, reason = Case.State(macro.state), f"By the macro {macro.slug}."
        life.change_state(held.work, held.conversation, entry, state, held.work.now, by=held.by, reason=reason)


def shown(offer: Offer) -> dict[str, Any]:
    """For REST and `--json`."""
    return {"macro": offer.slug, "text": offer.text, "asks": list(offer.asks), "state": offer.state}
