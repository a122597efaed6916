"""Canned answers of a product: said in the customer's language as the member of the staff who chose them, with what the case becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from roomdesk.cases import life, together, writing
from roomdesk.cases.acting import Held
from roomdesk.cases.conversation import Open
from roomdesk.cases.models import Case
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
    """The macros of the case's product, in its file's order. For staff: Forbidden for others. `agent`: the name of who would say them."""
    case = access_case(ref, viewer)
    if not is_staff(viewer):
        raise Forbidden("Macros are for staff.")
    return offers(case, agent)


def offers(case: Case, agent: str) -> list[Offer]:
    """As `access_macros`, for a case to which somebody of the staff has access."""
    product = product_of(newest([case.product])[case.product].pk)
    return [_offer(product, case, macro, agent) for macro in product.macro_rows]


def _offer(product: Product, case: Case, macro: Macro, agent: str) -> Offer:
    asked = {name: f"{{{name}}}" for name in macro.asks}
    return Offer(macro.slug, _filled(product, case, macro, agent, asked), macro.asks, macro.state)


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
        macro = _access(product, slug)
        text = _text(product, entry, macro, found.author, values)
        _check_move(entry, macro)
        why = (_WHY[0], _WHY[1].format(slug))
        said = writing.say(found.work, held.conversation, entry, found.author.slug, text, channel, why)
        _move(held, entry, macro)
        found.flush()
    return said


def _access(product: Product, slug: str) -> Macro:
    macro = product.macros.get(slug)
    if macro is None:
        raise Invalid(f'There is no macro "{slug[:60]}"; this product has {listed(product.macros)}.', field="macro")
    return macro


def _text(product: Product, entry: Open, macro: Macro, author: Person, values: Mapping[str, str]) -> str:
    wrong = refusal(macro.slug, macro.asks, values)
    if wrong:
        raise Invalid(wrong, field="values")
    return writing.check_text(_filled(product, entry.case, macro, author.name, values))


def _filled(product: Product, case: Case, macro: Macro, agent: str, values: Mapping[str, str]) -> str:
    workspace = case.workspace
    customer = case.opened_by.name if case.opened_by else workspace.display_name
    known = {"ref": case.ref, "customer": customer, "workspace": workspace.display_name, "agent": agent}
    return product.text(workspace.locale, macro.text_key, **{**known, **values})


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
