"""Addresses of sign-in: what allauth offers beyond them (signing up, changing addresses) is left out."""

from __future__ import annotations

from allauth.account import views
from django.urls import include, path
from django.views.generic import TemplateView

accounts = [
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("password/change/", views.password_change, name="account_change_password"),
    path("2fa/", include("allauth.mfa.urls")),
    path("sessions/", include("allauth.usersessions.urls")),
    # Mail goes out by the outbox; until that channel is there, this page says whom to ask.
    path(
        "password/reset/",
        TemplateView.as_view(template_name="account/password_reset.html"),
        name="account_reset_password",
    ),
]

urlpatterns = [
    path("accounts/", include(accounts)),
    path("", include("allauth.idp.urls")),
]
