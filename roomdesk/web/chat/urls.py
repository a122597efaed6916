"""Addresses of the chat in the browser."""

from __future__ import annotations

from django.urls import path

from roomdesk.web.chat import views

app_name = "chat"
urlpatterns = [
    path("", views.index, name="index"),
    path("<str:slug>", views.room, name="room"),
    path("<str:slug>/open", views.leave_for, name="open"),
]
