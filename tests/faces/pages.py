"""Every page that Roomdesk draws, by its name among the addresses: who looks at it, and what is asked there.

Names in braces are filled with what there is (`test_accessible.desk`). Words after a name tell several looks at one page apart.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

from tests.harness.scene import PRODUCT

SLUG = "seeing"
_PORTAL, _CHAT = f"/portal/{SLUG}", f"/chat/{SLUG}"
PAGES: dict[str, dict[str, str]] = {
    "nobody": {
        "account_login": "/accounts/login/",
        "account_reset_password": "/accounts/password/reset/",
        "account_inactive": "/accounts/inactive/",
        "page/<str:token>": "/page/{token}",
        "page/<str:token> wrong": "/page/no-such-page",
        "idp:oidc:authorization wrong": "/identity/o/authorize?client_id=nobody",
        "outside_back": "/accounts/outside/theirs/back?state=stale",
    },
    "owner": {
        "portal:support": f"{_PORTAL}/",
        "portal:cases": f"{_PORTAL}/cases?view=all",
        "portal:case": f"{_PORTAL}/cases/{{ref}}",
        "portal:case missing": f"{_PORTAL}/cases/NO-1",
        "portal:new_request": f"{_PORTAL}/new",
        "portal:p0": f"{_PORTAL}/p0",
        "portal:consents": f"{_PORTAL}/consents",
        "portal:consent": f"{_PORTAL}/consents/{{consent}}",
        "portal:search": f"{_PORTAL}/search?q=export",
        "portal:files": f"{_PORTAL}/files",
        "portal:team": f"{_PORTAL}/team",
        "chat:index": "/chat/?after=a",
        "chat:room": _CHAT,
        "chat:room thread": f"{_CHAT}?thread={{message}}",
        "chat:room answer": f"{_CHAT}?reply={{message}}",
        "chat:room missing": "/chat/no-such-room",
        "chat:search": f"{_CHAT}/search?q=export",
        "account_logout": "/accounts/logout/",
        "account_change_password": "/accounts/password/change/",
        "account_reauthenticate": "/accounts/reauthenticate/",
        "mfa_index": "/accounts/2fa/",
        "usersessions_list": "/accounts/sessions/",
        "account_language": "/accounts/language/",
        "idp:oidc:logout": "/identity/o/logout",
        "idp:oidc:device_authorization": "/identity/o/device",
    },
    "member": {
        "portal:support without": f"{_PORTAL}/",
        "portal:index": "/portal/?all",
        "portal:team member": f"{_PORTAL}/team",
        "portal:search without": f"{_PORTAL}/search",
    },
    "staff": {
        "styleguide": "/styleguide",
        "console:cases": "/console/",
        "console:cases all": "/console/?view=all",
        "console:case": "/console/cases/{ref}",
        "console:case missing": "/console/cases/NO-1",
        "console:attention": "/console/attention",
        "console:search": "/console/search?q=export",
        "console:search refused": "/console/search?q=%22",
        "console:oncall": "/console/oncall",
        "console:rota": f"/console/oncall/{PRODUCT}/rota",
        "console:consents": "/console/consents",
        "console:consent": "/console/consents/{consent}",
        "console:rooms": "/console/rooms",
        "console:room": f"/console/rooms/of/{SLUG}",
        "console:staff_room": "/console/rooms/staff/space",
        "console:filing": "/console/filing",
        "console:macros": "/console/macros",
        "console:new_macro": f"/console/macros/new/{PRODUCT}",
        "console:macro": f"/console/macros/of/{PRODUCT}/on_it",
        "console:webhooks": "/console/webhooks",
        "console:webhook": "/console/webhooks/{webhook}",
        "console:workspaces": "/console/workspaces",
        "console:workspace": f"/console/workspaces/{SLUG}",
        "console:products": "/console/products",
        "console:product": f"/console/products/{PRODUCT}",
        "console:audit": "/console/audit",
        "console:health": "/console/health",
        "console:reports": "/console/reports",
        "console:report": "/console/reports/responses",
        "console:report backlog": "/console/reports/backlog",
        "console:report workload": "/console/reports/workload",
        "console:report_cases": "/console/reports/cases?report=backlog&figure=all",
    },
}
#: Pages on the way of somebody with a passkey and an app for codes, in this order; `test_passkeys` goes it.
KEPT_SAFE = (
    "mfa_add_webauthn", "mfa_list_webauthn", "mfa_edit_webauthn", "mfa_remove_webauthn", "mfa_reauthenticate_webauthn", "mfa_activate_totp",
    "mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_deactivate_totp", "mfa_authenticate",
)  # fmt: skip
#: Addresses that draw no page of their own: they act, lead on (as does asking for a code anew, of whoever has a password or a key), or answer with a file or a part of a page, or to a program.
NO_PAGE = {
    "home", "brand", "healthz", "hooks/pagerduty", "calendars/<str:token>.ics", "chat:open", "chat:signs", "portal:access", "portal:rate",
    "portal:file", "console:file", "console:bulk", "console:undo", "console:keep_view", "console:find", "console:repair", "console:staff_repair",
    "console:act", "console:presence", "outside", "outside_again", "mfa_login_webauthn", "mfa_reauthenticate", "mfa_download_recovery_codes", "idp:oidc:token", "idp:oidc:revoke",
    "idp:oidc:device_code", "idp:oidc:userinfo", "idp:oidc:configuration", "idp:oidc:jwks",
}  # fmt: skip


def names() -> set[str]:
    """Every address by its name, without one by its route; REST is described by its own document."""
    return {name for name in _named(get_resolver().url_patterns, "", "") if not name.startswith(("api-", "api/"))}


def _named(patterns: list[URLPattern | URLResolver], space: str, route: str) -> Iterator[str]:
    for pattern in patterns:
        here = f"{route}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from _named(
                pattern.url_patterns, f"{space}{pattern.namespace}:" if pattern.namespace else space, here
            )
        else:
            yield f"{space}{pattern.name}" if pattern.name else here
