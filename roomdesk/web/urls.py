"""Addresses of the web faces. `/_matrix/app/` is answered before Django (`web/asgi.py`)."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from roomdesk.web.health import healthz

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz),
]
