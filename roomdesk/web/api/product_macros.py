"""The canned answers of a product: those of its files, and those that administrators write."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from roomdesk.cases import macro_list, stored_macros
from roomdesk.cases.stored_macros import STATES
from roomdesk.runtime import clock
from roomdesk.web.api.asked import check_query
from roomdesk.web.api.auth import actor_of, endpoint, viewer_of
from roomdesk.web.api.schemas import REFUSALS, Text, Wanted

router = Router(tags=["macros"])

_TEXTS = "By language. Every language of the product, all of which name the same variables in braces; {ref}, {customer}, {workspace} and {agent} are filled in by the desk."


class MacroWanted(Wanted):
    texts: dict[Text, Text] = Field(default_factory=dict, description=f"{_TEXTS} A language left out keeps its text.")
    state: Text | None = Field(None, description=f"What the case becomes: {', '.join(STATES)}; empty for nothing.")


class PreviewWanted(Wanted):
    texts: dict[Text, Text] = Field(default_factory=dict, description=f"{_TEXTS} Left out: the macro's own.")
    values: dict[Text, Text] = Field(default_factory=dict, description="Of the variables that the texts ask for.")


class ProductMacro(Schema):
    product: str
    macro: str
    source: str = Field(description="files (changed in the product's files only), or here.")
    texts: dict[str, str]
    asks: list[str]
    state: str | None
    hidden: bool = Field(description="The files have one of this name as well, and that is said.")
    changed_at: datetime | None
    changed_by: str | None


class ProductMacros(Schema):
    items: list[ProductMacro]
    next: str | None


class Preview(Schema):
    macro: str
    asks: list[str]
    texts: dict[str, str] = Field(description="As they would be said; a variable without a value stands in braces.")


@router.get("/products/{slug}/macros", response={200: ProductMacros, **REFUSALS}, **endpoint("macros_list"))
def macros_list(request: HttpRequest, slug: str) -> dict[str, Any]:
    """All macros of the product: those of its files in their order, then those that were written here, by name."""
    check_query(request)
    found = macro_list.access_list(viewer_of(request), slug, clock.now())
    return {"items": [macro_list.shown(row) for row in found], "next": None}


@router.get("/products/{slug}/macros/{macro}", response={200: ProductMacro, **REFUSALS}, **endpoint("macros_get"))
def macros_get(request: HttpRequest, slug: str, macro: str) -> dict[str, Any]:
    """One of them: the one that was written here, else the one of the files."""
    check_query(request)
    return macro_list.shown(macro_list.access_one(viewer_of(request), slug, macro, clock.now())[1])


@router.put(
    "/products/{slug}/macros/{macro}",
    response={200: ProductMacro, 201: ProductMacro, **REFUSALS},
    **endpoint("macros_put"),
)
def macros_put(request: HttpRequest, slug: str, macro: str, wanted: MacroWanted) -> Any:
    """Write a macro, or change it; what is left out stays. One of the files is not changed here."""
    check_query(request)
    viewer, now = viewer_of(request), clock.now()
    _, is_new = stored_macros.do_put(viewer, slug, macro, wanted.texts, wanted.state, actor=actor_of(request), now=now)
    return Status(201 if is_new else 200, macro_list.shown(macro_list.access_one(viewer, slug, macro, now)[1]))


@router.delete("/products/{slug}/macros/{macro}", response={204: None, **REFUSALS}, **endpoint("macros_delete"))
def macros_delete(request: HttpRequest, slug: str, macro: str) -> Any:
    """Remove one that was written here. What was said by it stays said."""
    check_query(request)
    stored_macros.do_remove(viewer_of(request), slug, macro, actor=actor_of(request), now=clock.now())
    return Status(204, None)


@router.post(
    "/products/{slug}/macros/{macro}/preview", response={200: Preview, **REFUSALS}, **endpoint("macros_preview")
)
def macros_preview(request: HttpRequest, slug: str, macro: str, wanted: PreviewWanted) -> dict[str, Any]:
    """How it would be said, of a customer and a case that do not exist. Nothing is written."""
    check_query(request)
    return macro_list.access_preview(viewer_of(request), slug, macro, wanted.texts, wanted.values, clock.now())
