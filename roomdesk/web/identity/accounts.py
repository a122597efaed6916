"""How people sign in here: those who were provisioned, by id or mail address and password; nobody signs up."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from roomdesk.audit.work import Actor
from roomdesk.directory import services
from roomdesk.runtime import clock
from roomdesk.web.identity import again


class AccountAdapter(DefaultAccountAdapter):
    """allauth's seams. Its texts for a wrong id and for a wrong password are the same."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """People come from the product (REST, command line, file), never by themselves."""
        return False

    def set_password(self, user: Any, password: str) -> None:
        """By the service, so that it stands in the audit. The session goes on with the new password."""
        changed = services.do_set_password(
            id=user.slug, password=password, actor=Actor("person", user.slug), now=clock.now()
        )
        user.password = changed.password

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """How somebody shows anew that it is them: see `again.ways`; by a code alone only who has nothing else."""
        return again.ways(user) or super().get_reauthentication_methods(user)
