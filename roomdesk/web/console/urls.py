"""Addresses of the console."""

from __future__ import annotations

from django.urls import path

from roomdesk.web.console import attention, consents, files, filing, macros, oncall, rooms, search, views, webhooks

app_name = "console"
urlpatterns = [
    path("", views.cases, name="cases"),
    path("attention", attention.attention, name="attention"),
    path("search", search.search, name="search"),
    path("rooms", rooms.rooms, name="rooms"),
    path("rooms/of/<str:workspace>", rooms.room, name="room"),
    path("rooms/of/<str:workspace>/repair", rooms.repair, name="repair"),
    path("rooms/staff/<str:name>", rooms.room, name="staff_room"),
    path("rooms/staff/<str:name>/repair", rooms.repair, name="staff_repair"),
    path("consents", consents.consents, name="consents"),
    path("consents/<str:ref>", consents.consent, name="consent"),
    path("oncall", oncall.oncall, name="oncall"),
    path("filing", filing.page, name="filing"),
    path("webhooks", webhooks.endpoints, name="webhooks"),
    path("webhooks/<str:slug>", webhooks.endpoint, name="webhook"),
    path("macros", macros.macros, name="macros"),
    path("macros/new/<str:product>", macros.new, name="new_macro"),
    path("macros/of/<str:product>/<str:slug>", macros.macro, name="macro"),
    path("cases/<str:ref>", views.case, name="case"),
    path("cases/<str:ref>/act", views.act, name="act"),
    path("files/<int:number>", files.file, name="file"),
]
