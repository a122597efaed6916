"""Addresses of the console."""

from __future__ import annotations

from django.urls import path

from roomdesk.web.console import views

app_name = "console"
urlpatterns = [
    path("", views.cases, name="cases"),
    path("cases/<str:ref>", views.case, name="case"),
]
