"""The languages of the pages: as Django names them, and as people and products do."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation

from roomdesk.directory.models import Person

View = Callable[[HttpRequest], HttpResponseBase]

#: A product's word for a language, and a page's.
_PAGES = {"pt": "pt-br"}


def language_of(locale: str) -> str:
    """How the pages call a person's or a product's language; the present one where they do not speak it."""
    wanted = _PAGES.get(locale, locale)
    return wanted if wanted in dict(settings.LANGUAGES) else translation.get_language() or settings.LANGUAGE_CODE


def of_the_person(get_response: View) -> View:
    """Django middleware: pages speak the language that their reader has chosen, else the browser's."""

    def told(request: HttpRequest) -> HttpResponseBase:
        person = request.user
        if isinstance(person, Person) and person.locale:
            translation.activate(language_of(person.locale))
            request.LANGUAGE_CODE = translation.get_language() or ""
        return get_response(request)

    return told


def locale_now() -> str:
    """The language in which words are told just now, as products name it: en, bg or pt."""
    return (translation.get_language() or "en").partition("-")[0]
