"""Addresses of sign-in: what allauth offers beyond them (signing up, changing addresses) is left out."""

from __future__ import annotations

from allauth.account import views
from allauth.mfa import urls as mfa
from django.urls import include, path
from django.views.generic import TemplateView

from roomdesk.web.identity import again
from roomdesk.web.identity.factors_told import in_one_transaction
from roomdesk.web.identity.language import language
from roomdesk.web.identity.outside.configured import providers
from roomdesk.web.identity.outside.views import outside, outside_again, outside_back

#: With the outside providers among the ways in, asked for by the template.
login = views.LoginView.as_view(extra_context={"providers": providers})

accounts = [
    path("login/", login, name="account_login"),
    path("language/", language, name="account_language"),
    path("logout/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("reauthenticate/", again.reauthenticate, name="account_reauthenticate"),
    path("outside/<slug:slug>/", outside, name="outside"),
    path("outside/<slug:slug>/again", outside_again, name="outside_again"),
    path("outside/<slug:slug>/back", outside_back, name="outside_back"),
    path("password/change/", views.password_change, name="account_change_password"),
    path("2fa/", include(list(in_one_transaction(mfa.urlpatterns)))),
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
