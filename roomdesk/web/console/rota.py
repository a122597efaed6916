"""The page Rota of a product: a form of its layers, what it would mean for the next weeks, and the same as text. Nothing is stored but by Save."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from roomdesk.oncall import rotas
from roomdesk.oncall.models import Rota
from roomdesk.product.queries import newest, product_of
from roomdesk.product.schema import Product
from roomdesk.refusals import DeskError, Invalid
from roomdesk.rules import rota_draft
from roomdesk.rules.rota_draft import Draft, LayerDraft
from roomdesk.rules.toml_text import written_as_toml
from roomdesk.web.console.guard import Reader, frame, staff_only
from roomdesk.web.console.rota_form import drawn, label_of, read, staff_names
from roomdesk.web.console.rota_seen import Seen, seen
from roomdesk.web.portal.refusals import told

_PREVIEW, _SAVE, _READ_TEXT, _SAVE_TEXT = "preview", "save", "read-text", "save-text"


@dataclass(frozen=True, slots=True)
class _Done:
    """What a button came to: the draft as it is now, the text where it was that, what it would mean, and what was refused."""

    draft: Draft
    text: str = ""
    seen: Seen | None = None
    error: DeskError | None = None
    is_saved: bool = False


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def rota(request: HttpRequest, reader: Reader, product: str) -> HttpResponse:
    """The form; POST does what its buttons say, and answers with the form as it is then, but after Save."""
    slug = product.replace("\0", "")
    rotas.check_leads(reader.viewer, slug, reader.now)
    rotas.check_ours(slug)
    found, here = Rota.objects.filter(product=slug).first(), product_of(newest([slug])[slug].pk)
    act = request.POST.get("do", "") if request.method == "POST" else ""
    done = _done(request, reader, here, found, act)
    if done.is_saved:
        messages.success(request, _("The rota of %(product)s is saved.") % {"product": here.name})
        return HttpResponseRedirect(reverse("console:oncall"))
    return _page(request, reader, here, found, act, done)


def _done(request: HttpRequest, reader: Reader, here: Product, found: Rota | None, act: str) -> _Done:
    if act in (_READ_TEXT, _SAVE_TEXT):
        return _by_text(request, reader, here, found, act)
    draft = read(request.POST, here) if request.method == "POST" else _stored(here, found, reader)
    if act not in ("", _PREVIEW, _SAVE):
        draft = rota_draft.changed(draft, act, _new_layer(here, reader, len(draft.layers) + 1))
    try:
        written = rota_draft.written_of(draft)
        meant = rotas.check_put(reader.viewer, here.slug, written, now=reader.now)
        if act == _SAVE:
            _save(request, reader, here, written)
    except DeskError as error:
        # Whoever still moves people about has asked for no judgement yet.
        return _Done(draft, error=error if act in (_PREVIEW, _SAVE) else None)
    return _Done(draft, seen=seen(meant, here, staff_names(reader, here), reader.now), is_saved=act == _SAVE)


def _by_text(request: HttpRequest, reader: Reader, here: Product, found: Rota | None, act: str) -> _Done:
    text, draft = request.POST.get("written", "").replace("\0", "").replace("\r\n", "\n"), _stored(here, found, reader)
    try:
        written = rotas.plain(_table(text))
        meant = rotas.check_put(reader.viewer, here.slug, written, now=reader.now)
        draft = rota_draft.draft_of(written, here.office.timezone)
        if act == _SAVE_TEXT:
            _save(request, reader, here, written)
    except DeskError as error:
        return _Done(draft, text, error=error)
    return _Done(draft, seen=seen(meant, here, staff_names(reader, here), reader.now), is_saved=act == _SAVE_TEXT)


def _save(request: HttpRequest, reader: Reader, here: Product, written: dict[str, Any]) -> None:
    given = request.POST.get("version", "")
    version = int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else -1
    rotas.do_put(reader.viewer, here.slug, written, actor=reader.actor, now=reader.now, version=version)


def _table(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Invalid(_("The rota cannot be read as TOML: %(error)s.") % {"error": error}, field="written") from error


def _stored(here: Product, found: Rota | None, reader: Reader) -> Draft:
    zone = here.office.timezone
    if found is None or found.source != Rota.Source.ROOMDESK:
        return Draft(zone, (_new_layer(here, reader, 1),))
    return rota_draft.draft_of(found.written, zone)


def _new_layer(here: Product, reader: Reader, number: int) -> LayerDraft:
    """What most want: a week each, on the office's clock, from today on."""
    today = reader.now.astimezone(ZoneInfo(here.office.timezone)).date()
    return LayerDraft(
        f"layer-{number}", level=str(min(number, 9)), people=("",), zone=here.office.timezone, starts=f"{today}"
    )


def _page(
    request: HttpRequest, reader: Reader, here: Product, found: Rota | None, act: str, done: _Done
) -> HttpResponse:
    error, is_text = done.error, act in (_READ_TEXT, _SAVE_TEXT)
    place = rota_draft.place_of(str(error)) if error else None
    problem = told(error) if error else ""
    if place and not is_text:
        problem = problem.replace(place.text, label_of(place), 1)
    version = request.POST.get("version", "") if request.method == "POST" else str(found.version if found else 0)
    text = done.text or written_as_toml(rota_draft.written_of(done.draft))
    context = {
        **frame(reader),
        "product": here,
        "version": version,
        "form": drawn(done.draft, here, staff_names(reader, here), act, None if is_text else place, error),
        "text": text,
        "is_text": is_text and error is not None,
        "problem": problem,
        "seen": done.seen,
        "is_preview": done.seen is not None and act in (_PREVIEW, _READ_TEXT),
        "is_draft": request.method == "POST",
    }
    return render(request, "console/rota.html", context, status=error.status if error else 200)
