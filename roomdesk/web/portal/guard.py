"""Who looks at the pages of the portal, in which workspace, and what stands on every one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.cache import never_cache

from roomdesk.audit.work import Actor
from roomdesk.cases import marks
from roomdesk.cases.models import Case
from roomdesk.directory.customers import Customer, access_customer
from roomdesk.directory.models import Person
from roomdesk.product.models import ProductVersion
from roomdesk.product.queries import newest, product_of
from roomdesk.product.schema import Product
from roomdesk.refusals import DeskError
from roomdesk.runtime import clock
from roomdesk.web.languages import language_of
from roomdesk.web.live.scopes import Scope, followed
from roomdesk.web.portal.refusals import told

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person of a workspace who looks at its pages. `locale` is one of the product's; times are told in `zone`."""

    customer: Customer
    version: ProductVersion
    product: Product
    now: datetime

    @property
    def person(self) -> Person:
        return self.customer.person

    @property
    def slug(self) -> str:
        return self.customer.workspace.slug

    @property
    def actor(self) -> Actor:
        return Actor("person", self.person.slug)

    @property
    def locale(self) -> str:
        wanted = self.person.locale
        return wanted if wanted in self.product.texts else self.product.locale_for(self.customer.workspace.locale)

    @property
    def zone(self) -> str:
        return self.customer.workspace.time_zone or self.product.office.timezone

    def text(self, key: str, **values: object) -> str:
        """One of the product's texts in the visitor's language."""
        return self.product.text(self.locale, key, **values)


def customer_only(view: View) -> View:
    """Signs people in; who does not belong to the workspace learns nothing of it, staff neither. The view gets the visitor."""

    @login_required
    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, slug: str, **named: Any) -> HttpResponseBase:
        try:
            visitor = _visitor(request, slug)
        except DeskError as error:
            return missing(request, str(error), error.status)
        with translation.override(language_of(visitor.locale)):
            try:
                return view(request, visitor, **named)
            except DeskError as error:
                return missing(request, str(error), error.status, visitor)

    return guarded


def _visitor(request: HttpRequest, slug: str) -> Visitor:
    person, now = request.user, clock.now()
    assert isinstance(person, Person)
    customer = access_customer(person, slug, now)
    version = newest([customer.workspace.product])[customer.workspace.product]
    return Visitor(customer, version, product_of(version.pk), now)


def frame(visitor: Visitor, request: Case | None = None) -> dict[str, Any]:
    """What every page needs; `request` is the one that it is about. To be asked before the page reads anything else."""
    if request is None:
        live = followed(Scope("workspace", visitor.slug), marks.of_workspace(visitor.customer))
    else:
        live = followed(Scope("request", f"{visitor.slug}/{request.ref}"), marks.of_request(request))
    return {
        **live,
        "now": visitor.now,
        "visitor": visitor,
        "workspace": visitor.customer.workspace,
        "may_read": visitor.customer.may_read,
        "has_room": visitor.product.room,
    }


def missing(request: HttpRequest, sentence: str, status: int, visitor: Visitor | None = None) -> HttpResponseBase:
    """The page of a refusal."""
    context = {**(frame(visitor) if visitor else {}), "sentence": told(sentence), "status": status}
    return render(request, "portal/missing.html", context, status=status)
