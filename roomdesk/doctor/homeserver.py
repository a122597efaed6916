"""Synapse: reachable, our registrations accepted, our endpoint reached, its doors closed (matrix-facts §2, §4, §10)."""

from __future__ import annotations

import httpx

from roomdesk import bootstrap
from roomdesk.channels.matrix.client import current
from roomdesk.channels.matrix.errors import MatrixError, NotFound
from roomdesk.channels.matrix.names import path
from roomdesk.doctor.findings import Finding, ok, problem, warning
from roomdesk.rooms.homes import home_of
from roomdesk.rooms.queries import newest_ready
from roomdesk.runtime import http

_REGISTER = "Load registration-roomdesk.yaml and registration-people.yaml into the homeserver, with the tokens that are set here, and restart it."


def _ask(method: str, where: str, *, public: bool = False) -> httpx.Response:
    """A question without any token, as a stranger asks; `public`: from where people reach the homeserver."""
    base = bootstrap.settings.matrix_public_url if public else bootstrap.settings.matrix_url
    with http.client(role="doctor", timeout=5.0, base_url=str(base)) as client:
        return client.request(method, where, json={} if method == "POST" else None)


def reachable() -> Finding:
    """Raises `httpx.HTTPError` where nobody answers; `examine` makes a finding of it."""
    answer = _ask("GET", "/_matrix/client/versions")
    if answer.status_code == 200:
        return ok("homeserver", f"It answers at {bootstrap.settings.matrix_url}.")
    return problem(
        "homeserver",
        f"{bootstrap.settings.matrix_url} answers {answer.status_code}, as no homeserver does.",
        "See that ROOMDESK_MATRIX_URL names the homeserver.",
    )


def registration() -> Finding:
    matrix = current()
    try:
        name = matrix.whoami()
    except MatrixError as error:
        return problem("registration", f"The homeserver does not take our token: {error}", _REGISTER)
    if name != matrix.bot:
        return problem("registration", f"Our token is that of {name}, it should be that of {matrix.bot}.", _REGISTER)
    return ok("registration", f"The homeserver knows us as {name}.")


def push() -> Finding:
    """Whether events reach us: the homeserver is asked to call our endpoint now."""
    try:
        answer = current().ping()
    except MatrixError as error:
        return problem(
            "push",
            f"The homeserver does not reach our endpoint: {error}",
            f"See that it can reach the address in its registration, and that ours is {bootstrap.settings.public_url}.",
        )
    return ok("push", f"The homeserver reaches our endpoint (in {answer.get('duration_ms', '?')} ms).")


def people() -> Finding:
    if not bootstrap.settings.people_token:
        return warning(
            "people token",
            "ROOMDESK_PEOPLE_TOKEN is not set: REST, console and command line cannot write as people.",
            "Load registration-people.yaml into the homeserver and set the token, if that is wanted.",
        )
    try:
        current().whoami(people=True)
    except MatrixError as error:
        return problem("people token", f"The homeserver does not take the token of roomdesk-people: {error}", _REGISTER)
    return ok("people token", "The homeserver lets the desk write as people.")


def admin() -> Finding:
    if not bootstrap.settings.admin_token:
        return warning(
            "admin token",
            "ROOMDESK_ADMIN_TOKEN is not set: accounts are not made before people sign in.",
            "Set the token of a homeserver administrator, if that is wanted.",
        )
    try:
        current().admin("GET", path("users", current().bot, "admin", base="/_synapse/admin/v1"))
    except NotFound:
        pass
    except MatrixError as error:
        return problem(
            "admin token",
            f"The homeserver does not take the administrator's token: {error}",
            "Set ROOMDESK_ADMIN_TOKEN anew.",
        )
    return ok("admin token", "The homeserver lets the desk make accounts.")


def encryption() -> Finding:
    """A homeserver that encrypts new rooms by itself makes them useless for good; the newest room shows whether it does."""
    room = newest_ready()
    if room is None:
        return ok("encryption", "There is no room yet; each is checked when it is made.")
    try:
        current().call("GET", path("rooms", room.room_id, "state", "m.room.encryption"))
    except NotFound:
        return ok("encryption", "Rooms are made unencrypted, as the record needs it.")
    return problem(
        "encryption",
        f"The room of {home_of(room).slug} is encrypted.",
        "Set encryption_enabled_by_default_for_room_type to off; that room must be made anew.",
    )


def passwords() -> Finding:
    flows = [flow.get("type") for flow in _ask("GET", "/_matrix/client/v3/login").json().get("flows", [])]
    if "m.login.password" in flows:
        return warning(
            "password login",
            "The homeserver lets people sign in with passwords, past the identity provider.",
            "Set password_config: {enabled: false}.",
        )
    return ok("password login", "Passwords are off.")


def sign_up() -> Finding:
    if _ask("POST", "/_matrix/client/v3/register").status_code == 403:
        return ok("sign-up", "Strangers cannot make accounts.")
    return problem("sign-up", "Strangers can make accounts at the homeserver.", "Set enable_registration: false.")


def aliases() -> Finding:
    """An alias tells whoever asks that the workspace exists (D46)."""
    room = newest_ready(with_alias=True)
    if room is None:
        return ok("aliases", "There is no room with an alias.")
    if _ask("GET", path("directory", "room", room.alias), public=True).status_code != 200:
        return ok("aliases", "Aliases are not told without a token.")
    return warning(
        "aliases",
        "Anybody can ask without a token whether a workspace's room exists.",
        'Have the reverse proxy want a token for /_matrix/client/*/directory/room/* (deploy/nginx-homeserver.conf), or set alias = "suffixed" in the product.',
    )
