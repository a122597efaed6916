"""Addresses of the console."""

from __future__ import annotations

from django.urls import path

from roomdesk.web.console import (
    attention,
    audit,
    bulk,
    consents,
    files,
    filing,
    find,
    health,
    inbox,
    macros,
    oncall,
    products,
    rooms,
    rota,
    search,
    views,
    webhooks,
    workspaces,
)
from roomdesk.web.console.reports import views as reports

app_name = "console"
urlpatterns = [
    path("", inbox.cases, name="cases"),
    path("bulk", bulk.bulk, name="bulk"),
    path("undo", bulk.take_back, name="undo"),
    path("views", inbox.keep_view, name="keep_view"),
    path("find", find.find, name="find"),
    path("attention", attention.attention, name="attention"),
    path("search", search.search, name="search"),
    path("rooms", rooms.rooms, name="rooms"),
    path("rooms/of/<str:workspace>", rooms.room, name="room"),
    path("rooms/of/<str:workspace>/repair", rooms.repair, name="repair"),
    path("rooms/staff/<str:name>", rooms.room, name="staff_room"),
    path("rooms/staff/<str:name>/repair", rooms.repair, name="staff_repair"),
    path("oncall", oncall.oncall, name="oncall"),
    path("oncall/<str:product>/rota", rota.rota, name="rota"),
    path("consents", consents.consents, name="consents"),
    path("consents/<str:ref>", consents.consent, name="consent"),
    path("filing", filing.page, name="filing"),
    path("workspaces", workspaces.workspaces, name="workspaces"),
    path("workspaces/<str:slug>", workspaces.workspace, name="workspace"),
    path("products", products.products, name="products"),
    path("products/<str:slug>", products.product, name="product"),
    path("audit", audit.audit, name="audit"),
    path("health", health.health, name="health"),
    path("reports", reports.report, name="reports"),
    path("reports/cases", reports.cases, name="report_cases"),
    path("reports/<str:name>", reports.report, name="report"),
    path("webhooks", webhooks.endpoints, name="webhooks"),
    path("webhooks/<str:slug>", webhooks.endpoint, name="webhook"),
    path("macros", macros.macros, name="macros"),
    path("macros/new/<str:product>", macros.new, name="new_macro"),
    path("macros/of/<str:product>/<str:slug>", macros.macro, name="macro"),
    path("cases/<str:ref>", views.case, name="case"),
    path("cases/<str:ref>/act", views.act, name="act"),
    path("cases/<str:ref>/presence", views.presence, name="presence"),
    path("files/<int:number>", files.file, name="file"),
]
