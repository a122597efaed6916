"""Lets those who may read a room onto its page."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.cache import never_cache

from roomdesk.directory.models import Person
from roomdesk.refusals import DeskError
from roomdesk.runtime import clock
from roomdesk.web.chat.reader import Reader, reader_of
from roomdesk.web.languages import language_of
from roomdesk.web.portal.refusals import told

__all__ = ["Reader", "missing", "reader_only"]

View = Callable[..., HttpResponseBase]


def reader_only(view: View) -> View:
    """Signs people in; who may not read the room learns nothing of it. The view gets the reader."""

    @login_required
    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, slug: str, **named: Any) -> HttpResponseBase:
        try:
            person = request.user
            assert isinstance(person, Person)
            reader = reader_of(person, slug, clock.now())
        except DeskError as error:
            return missing(request, error)
        with translation.override(language_of(reader.locale)):
            try:
                return view(request, reader, **named)
            except DeskError as error:
                return missing(request, error)

    return guarded


def missing(request: HttpRequest, error: DeskError) -> HttpResponseBase:
    return render(request, "chat/missing.html", {"sentence": told(error)}, status=error.status)
