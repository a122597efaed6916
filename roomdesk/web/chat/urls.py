"""Addresses of the chat in the browser."""

from __future__ import annotations

from django.urls import path

from roomdesk.web.chat import acts, search, views

app_name = "chat"
urlpatterns = [
    path("", views.index, name="index"),
    path("<str:slug>", views.room, name="room"),
    path("<str:slug>/open", views.leave_for, name="open"),
    path("<str:slug>/search", search.search, name="search"),
    path("<str:slug>/signs", acts.signs, name="signs"),
]
