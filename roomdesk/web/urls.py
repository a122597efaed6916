"""Addresses of the web faces. `/_matrix/app/` is answered before Django (`web/asgi.py`)."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from roomdesk.web.api import application
from roomdesk.web.brand import brand
from roomdesk.web.calendars import calendar
from roomdesk.web.health import healthz
from roomdesk.web.home import home
from roomdesk.web.hooks import pagerduty
from roomdesk.web.page_link import page_link
from roomdesk.web.styleguide import styleguide

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz),
    path("hooks/pagerduty", pagerduty),
    path("page/<str:token>", page_link),
    path("calendars/<str:token>.ics", calendar),
    path("api/v1/", application.urls()),
    path("", home, name="home"),
    path("brand/<str:product>.css", brand, name="brand"),
    path("styleguide", styleguide, name="styleguide"),
    path("console/", include("roomdesk.web.console.urls")),
    path("portal/", include("roomdesk.web.portal.urls")),
    path("chat/", include("roomdesk.web.chat.urls")),
    path("", include("roomdesk.web.identity.urls")),
]
