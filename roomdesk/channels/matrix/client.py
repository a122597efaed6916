"""A thin client of the homeserver: who calls, typed errors, nothing remembered but connections."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from roomdesk.channels.matrix.errors import Refused, Unreachable, UserExists, from_answer
from roomdesk.channels.matrix.names import DEVICE, KEEPER, is_ours, localpart, path, user_id
from roomdesk.runtime import http
from roomdesk.runtime.settings import Settings
from roomdesk.runtime.short_calls import OUTAGES, Answer, ShortCalls
from roomdesk.runtime.synapse_config import BOT

Json = dict[str, Any]


class Matrix:
    """Calls the homeserver as the bot, as a ghost or a person, or as its administrator. Safe to share between threads.

    Every call raises `MatrixError` for an answer that is no success, `Unreachable` where there was none.
    """

    def __init__(
        self,
        url: str,
        server: str,
        *,
        as_token: str,
        people_token: str | None = None,
        admin_token: str | None = None,
        timeout: float = 30.0,
    ) -> None:
        self.server = server
        self.bot = user_id(BOT, server)
        self.keeper = user_id(KEEPER, server)
        self._as_token = as_token
        self._people_token = people_token
        self._admin_token = admin_token
        self._calls = ShortCalls(role="matrix", timeout=timeout, base_url=url)
        #: For what is long: files go by it piece by piece.
        self._http = http.client(role="matrix", timeout=timeout, base_url=url)
        self._watch = http.client(role="matrix-watch", timeout=10, base_url=url, connections=1)
        self._ready = False
        self._making = threading.Lock()

    def close(self) -> None:
        """Gives the connections up; a client that lives as long as its process need not."""
        self._calls.close()
        self._http.close()
        self._watch.close()

    @property
    def has_admin(self) -> bool:
        return self._admin_token is not None

    @property
    def has_people(self) -> bool:
        return self._people_token is not None

    def call(
        self,
        method: str,
        where: str,
        body: Json | None = None,
        *,
        user: str | None = None,
        device: bool = False,
        params: dict[str, str] | None = None,
    ) -> Json:
        """A client call as `user` (the bot where nobody is named).

        `device` adds the desk's device, which must go together with the user id: alone it makes Synapse answer 500
        (matrix-facts §5).
        """
        user = user or self.bot
        query = {**(params or {}), "user_id": user, **({"device_id": DEVICE} if device else {})}
        return self._request(method, where, self._token_for(user), body, query)

    def state(self, room: str, user: str) -> list[Json]:
        """The events of a room's whole state, as `user` reads it."""
        where = path("rooms", room, "state")
        content = self._answer("GET", where, self._token_for(user), None, {"user_id": user})
        if not isinstance(content, list):
            raise from_answer(200, content)
        return content

    @contextmanager
    def stream(self, where: str, headers: dict[str, str]) -> Iterator[httpx.Response]:
        """A long answer to the bot, as it comes. It may lie with somebody else, to whom the token is not shown."""
        given = {"Authorization": f"Bearer {self._as_token}", **headers}
        try:
            with self._http.stream(
                "GET", where, params={"user_id": self.bot}, headers=given, follow_redirects=True
            ) as answer:
                if not answer.is_success:
                    answer.read()
                    raise from_answer(answer.status_code, _json(answer), answer.headers.get("Retry-After", ""))
                yield answer
        except httpx.HTTPError as error:
            raise Unreachable(type(error).__name__) from error

    def upload(self, where: str, content: Path, *, user: str, name: str) -> None:
        """Puts a file as `user`, of no type that a browser would run. Raises as `call` does."""
        given = {"Authorization": f"Bearer {self._token_for(user)}", "Content-Type": "application/octet-stream"}
        try:
            with content.open("rb") as file:
                params = {"user_id": user, "filename": name}
                answer = self._http.put(where, params=params, headers=given, content=file)
        except httpx.HTTPError as error:
            raise Unreachable(type(error).__name__) from error
        if not answer.is_success:
            raise from_answer(answer.status_code, _json(answer), answer.headers.get("Retry-After", ""))

    def admin(self, method: str, where: str, body: Json | None = None) -> Json:
        """A call of Synapse's admin API, with the separate token (D47)."""
        if self._admin_token is None:
            raise Refused("This needs the homeserver's admin token; set ROOMDESK_ADMIN_TOKEN.")
        return self._request(method, where, self._admin_token, body, None)

    def ping(self) -> Json:
        """Lets the homeserver call our endpoint now; a success ends its back-off at once."""
        where = path("appservice", "roomdesk", "ping", base="/_matrix/client/v1")
        return self._request("POST", where, self._as_token, {}, None)

    def reach(self) -> object:
        """Asks for nothing much and tells over which connection: another one than before means the homeserver was away.

        On a connection of its own, kept as long as it is used every few seconds. Raises as `call` does.
        """
        try:
            answer = self._watch.get(path("versions", base="/_matrix/client"))
        except httpx.HTTPError as error:
            raise Unreachable(type(error).__name__) from error
        if not answer.is_success:
            raise from_answer(answer.status_code, _json(answer))
        return answer.extensions["network_stream"].get_extra_info("client_addr")

    def ensure_desk(self) -> None:
        """Makes the bot, the keeper and the desk's devices where they are missing; once a process."""
        if self._ready:
            return
        with self._making:
            if not self._ready:
                self.register(BOT)
                self.register(KEEPER)
                self.make_device(self.bot)
                self.make_device(self.keeper)
                self._ready = True

    def register(self, name: str) -> None:
        """Makes a user of our own name space; one that exists is fine."""
        body = {"type": "m.login.application_service", "username": name, "inhibit_login": True}
        try:
            self._request("POST", path("register"), self._as_token, body, None)
        except UserExists:
            return

    def whoami(self, *, people: bool = False) -> str:
        """Whose token the homeserver takes ours for (or that of registration `roomdesk-people`)."""
        token = self._people_token if people else self._as_token
        return str(self._request("GET", path("account", "whoami"), token or "", None, None).get("user_id", ""))

    def log_in(self, name: str, device: str) -> Json:
        """A session of a person on this device: `access_token`, `user_id`, `device_id` (matrix-facts §4). Never logged."""
        if self._people_token is None:
            raise Refused(f"The desk may not sign in as {name}; set ROOMDESK_PEOPLE_TOKEN to allow it.")
        body = {
            "type": "m.login.application_service",
            "identifier": {"type": "m.id.user", "user": name},
            "device_id": device,
            "initial_device_display_name": "Roomdesk matrix-login",
        }
        return self._request("POST", path("login"), self._people_token, body, None)

    def make_device(self, user: str) -> None:
        """Makes the desk's device of a user; idempotent."""
        self.call("PUT", path("devices", DEVICE), {"display_name": "Roomdesk"}, user=user)

    def make_sender(self, user: str) -> None:
        """What a user of ours needs before its first send: to exist, and the device."""
        if is_ours(user, self.server):
            self.register(localpart(user))
        self.make_device(user)

    def _token_for(self, user: str) -> str:
        if is_ours(user, self.server):
            return self._as_token
        if self._people_token is None:
            raise Refused(f"The desk may not write as {user}; set ROOMDESK_PEOPLE_TOKEN to allow it.")
        return self._people_token

    def _request(self, method: str, where: str, token: str, body: Json | None, params: dict[str, str] | None) -> Json:
        content = self._answer(method, where, token, body, params)
        if not isinstance(content, dict):
            raise from_answer(200, content)
        return content

    def _answer(self, method: str, where: str, token: str, body: Json | None, params: dict[str, str] | None) -> object:
        headers = [("Authorization", f"Bearer {token}")]
        if body is not None:
            headers.append(("Content-Type", "application/json"))
        content = None if body is None else _written(body)
        try:
            answer = self._calls.request(method, where, params=params, headers=headers, content=content)
        except OUTAGES as error:
            raise Unreachable(type(error).__name__) from error
        found = _json(answer)
        if not answer.is_success:
            raise from_answer(answer.status, found, answer.headers.get("retry-after", ""))
        return found


def _written(body: Json) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _json(answer: httpx.Response | Answer) -> object:
    try:
        return json.loads(answer.content)
    except (ValueError, RecursionError):
        return None


def from_settings(settings: Settings) -> Matrix:
    assert settings.matrix_url and settings.as_token
    return Matrix(
        settings.matrix_url,
        settings.matrix_server_name,
        as_token=settings.as_token,
        people_token=settings.people_token,
        admin_token=settings.admin_token,
    )


@cache
def current() -> Matrix:
    """This process' client."""
    from roomdesk import bootstrap  # Reads the environment: not before it is needed.

    return from_settings(bootstrap.settings)
