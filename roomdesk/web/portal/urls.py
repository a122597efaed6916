"""Addresses of the portal."""

from __future__ import annotations

from django.urls import path

from roomdesk.web.portal import cases, consents, files, misuse, search, support, team

app_name = "portal"
urlpatterns = [
    path("", support.index, name="index"),
    path("<str:slug>/", support.support, name="support"),
    path("<str:slug>/access", team.access, name="access"),
    path("<str:slug>/team", team.team, name="team"),
    path("<str:slug>/cases", cases.cases, name="cases"),
    path("<str:slug>/cases/<str:ref>", cases.case, name="case"),
    path("<str:slug>/cases/<str:ref>/rate", cases.rate, name="rate"),
    path("<str:slug>/consents", consents.consents, name="consents"),
    path("<str:slug>/consents/<str:ref>", consents.consent, name="consent"),
    path("<str:slug>/p0", misuse.page, name="p0"),
    path("<str:slug>/search", search.search, name="search"),
    path("<str:slug>/files", files.files, name="files"),
    path("<str:slug>/files/<int:number>", files.file, name="file"),
]
