"""In which language somebody reads the pages: their own choice, kept with the person; without one the browser's."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from roomdesk.audit.work import Actor
from roomdesk.directory.models import Person
from roomdesk.directory.services import do_put_person
from roomdesk.runtime import clock
from roomdesk.web.languages import language_of

#: Locales as people and products have them, each called by itself.
LANGUAGES = (("en", "English"), ("bg", "Български"), ("pt", "Português"))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def language(request: HttpRequest) -> HttpResponse:
    """The choice; POST keeps it (`locale`, empty for the browser's)."""
    person = request.user
    assert isinstance(person, Person)
    wanted, problem = request.POST.get("locale", ""), ""
    if request.method == "POST":
        if wanted in ("", *dict(LANGUAGES)):
            do_put_person(id=person.slug, locale=wanted, actor=Actor("person", person.slug), now=clock.now())
            with translation.override(language_of(wanted)):
                messages.success(request, _("Pages speak your language from now on."))
            return HttpResponseRedirect(reverse("account_language"))
        problem = _("There is no such language; choose one of those on the page. Nothing was changed.")
    context = {"languages": LANGUAGES, "chosen": person.locale, "problem": problem}
    return render(request, "account/language.html", context, status=422 if problem else 200)
