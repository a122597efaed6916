"""Addresses of the console."""

from __future__ import annotations

from django.urls import path

from roomdesk.web.console import attention, files, search, views

app_name = "console"
urlpatterns = [
    path("", views.cases, name="cases"),
    path("attention", attention.attention, name="attention"),
    path("search", search.search, name="search"),
    path("cases/<str:ref>", views.case, name="case"),
    path("cases/<str:ref>/act", views.act, name="act"),
    path("files/<int:number>", files.file, name="file"),
]
