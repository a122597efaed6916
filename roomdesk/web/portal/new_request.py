"""New request: the ticket form, with the product's checklist as fields; the way in for products without a room (R48)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from roomdesk.bootstrap import settings
from roomdesk.cases import writing
from roomdesk.cases.attaching import MOST, check_uploads, do_attach
from roomdesk.queues import requests
from roomdesk.refusals import DeskError, NotFound
from roomdesk.web.portal.cases import digest_of, key_of
from roomdesk.web.portal.guard import Visitor, customer_only, frame
from roomdesk.web.portal.refusals import told
from roomdesk.web.uploads import uploads_of, words_of

#: Items of the checklist that are no line of text: the one is known, the other is a file.
_KNOWN, _FILE = "workspace", "screenshot"
_LONGEST = 4000


@dataclass(frozen=True, slots=True)
class Field:
    """A field as `parts/field.html` draws it; `words` is how its line begins in the request."""

    name: str
    label: str
    hint: str = ""
    kind: str = "area"
    value: str = ""
    words: str = ""
    rows: int = 2
    longest: int = _LONGEST
    is_required: bool = False
    problem: str = ""


@require_http_methods(["GET", "HEAD", "POST"])
@customer_only
def new_request(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The form; POST makes a request of it, once however often the button was pressed, and leads to it."""
    if not visitor.customer.may_read:
        raise NotFound("There is no such page, or you have no access to it.")
    return _make(request, visitor) if request.method == "POST" else _page(request, visitor)


def _make(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    given = {name: str(request.POST.get(name, "")).replace("\0", "").strip() for name in request.POST}
    uploads = [] if visitor.product.room else uploads_of(request)
    text = text_of(fields_of(visitor, given))
    person, viewer = visitor.person, visitor.customer.viewer

    def make() -> tuple[int, str]:
        case = writing.do_open_case(
            workspace=visitor.slug, author=person.slug, text=text, channel="form", actor=visitor.actor, now=visitor.now
        )
        for one in uploads:
            do_attach(viewer, case.ref, person, one, actor=visitor.actor, now=visitor.now)
        return 303, case.ref

    try:
        check_uploads(uploads)
        digest = digest_of(visitor.slug, text, *words_of(uploads))
        done = requests.once(f"portal:{person.slug}", key_of(request), digest, visitor.now, make)
    except DeskError as error:
        return _page(request, visitor, given, told(error), error.field or "text", error.status)
    return HttpResponseRedirect(reverse("portal:case", args=[visitor.slug, done.body]))


def fields_of(visitor: Visitor, given: dict[str, str], problem: str = "", wrong: str = "") -> Sequence[Field]:
    """What it is about, and a field for every line of the checklist, in the visitor's language."""
    summary = Field(
        "summary",
        _("What is it about?"),
        _("One line. Begin it with P0 if nobody can work."),
        kind="text",
        value=given.get("summary", ""),
        longest=200,
        is_required=True,
        problem=problem if wrong == "text" else "",
    )
    return [summary, *_lines(visitor, given)]


def _lines(visitor: Visitor, given: dict[str, str]) -> Iterable[Field]:
    for item in visitor.product.checklist.items:
        if item not in (_KNOWN, _FILE):
            label, _colon, hint = visitor.text(f"checklist.item.{item}").partition(":")
            yield Field(item, label, hint.strip().capitalize(), value=given.get(item, ""), words=label)


def text_of(fields: Sequence[Field]) -> str:
    """The request as it is said: the summary, then what was filled in, each under its label, so that triage finds it again."""
    summary, *lines = fields
    said = [f"{line.words}: {line.value}" for line in lines if line.value]
    return "\n".join([summary.value, *said]) if summary.value else ""


def _page(
    request: HttpRequest,
    visitor: Visitor,
    given: dict[str, str] | None = None,
    problem: str = "",
    wrong: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        **frame(visitor),
        "is_new": True,
        "fields": fields_of(visitor, given or {}, problem, wrong),
        "problem": problem,
        "is_files": wrong == "files",
        "takes_files": not visitor.product.room,
        "most": MOST,
        "megabytes": settings.file_megabytes,
        "key": secrets.token_urlsafe(12),
    }
    return render(request, "portal/new_request.html", context, status=status)
