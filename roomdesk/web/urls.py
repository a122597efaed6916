"""Addresses of the web faces. `/_matrix/app/` is answered before Django (`web/asgi.py`)."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from roomdesk.web.api import application
from roomdesk.web.health import healthz

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz),
    path("api/v1/", application.urls()),
    path("", RedirectView.as_view(pattern_name="console:cases")),
    path("console/", include("roomdesk.web.console.urls")),
    path("", include("roomdesk.web.identity.urls")),
]
