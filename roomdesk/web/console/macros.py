"""The pages Macros, for administrators: the canned answers of their products, and those that they write themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from roomdesk.cases import macro_list, stored_macros
from roomdesk.cases.macro_list import Listed
from roomdesk.cases.models import StoredMacro
from roomdesk.cases.stored_macros import LONGEST, STATES, Wish
from roomdesk.product.schema import Product
from roomdesk.refusals import DeskError, Invalid
from roomdesk.rules.errors import RuleError
from roomdesk.rules.macro import values_of
from roomdesk.web.console.guard import Reader, frame, staff_only
from roomdesk.web.console.present import STATES as PRESENT_STATES
from roomdesk.web.portal.refusals import told


@dataclass(frozen=True, slots=True)
class Row:
    """A macro as it is listed; `address` is empty for one of the files, which is changed there. `is_hidden`: a file's has its name."""

    slug: str
    text: str
    locale: str
    state: str
    address: str
    is_hidden: bool


@dataclass(frozen=True, slots=True)
class Text:
    """A text as it is edited, and as it would be said."""

    locale: str
    language: str
    text: str
    preview: str

    @property
    def name(self) -> str:
        return f"text.{self.locale}"


@require_safe
@staff_only
def macros(request: HttpRequest, reader: Reader) -> HttpResponse:
    """All macros of the products that the reader administers."""
    products = stored_macros.access_products(reader.viewer, reader.now)
    stored = stored_macros.of_all([one.slug for one in products])
    lists = [(one.slug, one.name, _rows(one, stored.get(one.slug, ()))) for one in products]
    return render(request, "console/macros.html", {**frame(reader), "lists": lists})


def _rows(product: Product, stored: Sequence[StoredMacro]) -> list[Row]:
    return [_row(one, product.default_locale) for one in macro_list.of_product(product, stored)]


def _row(one: Listed, locale: str) -> Row:
    address = reverse("console:macro", args=[one.product, one.slug]) if one.written else ""
    state = PRESENT_STATES[one.state].lower() if one.state else ""
    return Row(one.slug, one.texts.get(locale, ""), locale, state, address, one.is_hidden)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def new(request: HttpRequest, reader: Reader, product: str) -> HttpResponse:
    """A macro that is not there yet; POST shows how it would be said, or makes it."""
    owner = stored_macros.access_product(reader.viewer, _clean(product), reader.now)
    return _page(request, reader, owner, None)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def macro(request: HttpRequest, reader: Reader, product: str, slug: str) -> HttpResponse:
    """One that was written here; POST shows how it would be said, changes or removes it."""
    owner, found = stored_macros.access_macro(reader.viewer, _clean(product), _clean(slug), reader.now)
    return _page(request, reader, owner, found)


def _page(request: HttpRequest, reader: Reader, product: Product, found: StoredMacro | None) -> HttpResponse:
    slug, wish = (found.slug, Wish(found.texts, found.state)) if found else ("", Wish())
    values, problem, status = "", None, 200
    if request.method == "POST":
        slug, wish = slug or _clean(request.POST.get("slug", "")).strip(), _wished(request, product)
        values = _clean(request.POST.get("values", ""))
        try:
            done = _acted(reader, product, found, slug, wish, request.POST.get("act", ""))
            if done:
                messages.success(request, done % {"slug": slug, "product": product.name})
                return HttpResponseRedirect(reverse("console:macros"))
            given = _values(values)
        except DeskError as error:
            problem, status, given = error, error.status, {}
    else:
        given = {}
    context = {
        **frame(reader),
        "product": product,
        "is_new": found is None,
        "slug": slug,
        "wish": wish,
        "states": [(one, str(PRESENT_STATES[one])) for one in STATES],
        "longest": LONGEST,
        "texts": _texts(reader, product, wish, given),
        "values": values,
        "problem": told(problem) if problem else "",
        "field": (problem.field or "") if problem else "",
    }
    return render(request, "console/macro.html", context, status=status)


def _wished(request: HttpRequest, product: Product) -> Wish:
    texts = {
        locale: _clean(request.POST.get(f"text.{locale}", "")).replace("\r\n", "\n").strip()
        for locale in product.locales
    }
    return Wish(texts, _clean(request.POST.get("state", "")))


def _acted(reader: Reader, product: Product, found: StoredMacro | None, slug: str, wish: Wish, act: str) -> str:
    """What was done, so that the page is left; a preview does nothing."""
    viewer, actor, now = reader.viewer, reader.actor, reader.now
    if act == "preview":
        stored_macros.check(product, wish)
        return ""
    if act == "save" and found is None:
        stored_macros.do_make(viewer, product.slug, slug, wish, actor=actor, now=now)
    elif act == "save":
        stored_macros.do_change(viewer, product.slug, slug, wish, actor=actor, now=now)
    elif act == "remove" and found is not None:
        stored_macros.do_remove(viewer, product.slug, slug, actor=actor, now=now)
        return _("%(slug)s of %(product)s is removed.")
    else:
        raise Invalid(_("This page has no such button; load it again."))
    return _("%(slug)s of %(product)s is saved.")


def _values(words: str) -> dict[str, str]:
    try:
        return values_of(words)
    except RuleError as error:
        raise Invalid(str(error), field="values") from error


def _texts(reader: Reader, product: Product, wish: Wish, given: dict[str, str]) -> list[Text]:
    """Each language's; the preview speaks of a customer and a case that do not exist."""
    texts = {locale: wish.texts.get(locale, "") for locale in product.locales}
    previews = macro_list.preview(product, texts, given, reader.person.name)
    return [Text(locale, _language(locale), text, previews[locale]) for locale, text in texts.items()]


def _language(locale: str) -> str:
    """Its name in English, which the console speaks; a rare one is named by its code."""
    try:
        return str(get_language_info(locale)["name"])
    except KeyError:
        return locale


def _clean(text: str) -> str:
    return text.replace("\0", "")
