"""The address without a path: staff are at home in the console, customers in the portal."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.cache import never_cache

from roomdesk.directory.models import Person
from roomdesk.directory.queries import viewer_of_person
from roomdesk.runtime import clock


@login_required
@never_cache
def home(request: HttpRequest) -> HttpResponseRedirect:
    """Signs people in and leads them where they belong."""
    person = request.user
    assert isinstance(person, Person)
    is_staff = viewer_of_person(person, clock.now()).kind == "staff"
    return HttpResponseRedirect(reverse("console:cases" if is_staff else "portal:index"))
