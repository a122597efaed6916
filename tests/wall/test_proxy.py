"""The proxy rule that is shipped, in a real nginx before the homeserver: who asks for an alias without a token is told nothing."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.harness.live import eventually
from tests.wall.homes import Home, free_ports

SHIPPED = Path(__file__).parents[2] / "deploy" / "nginx-homeserver.conf"
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
#: A fresh machine has no nginx, and the rest of the tests needs none.
pytestmark = pytest.mark.deep
REFUSED = (401, "M_MISSING_TOKEN")


@pytest.fixture(scope="module")
def proxy(walled: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The shipped file as it is, but for the certificate, the port and Synapse's address, which every operator sets."""
    assert NGINX, "run tools/nginx, as `make test-deep` does"
    folder, port = tmp_path_factory.mktemp("nginx"), free_ports()[-1]
    rule = SHIPPED.read_text().replace("listen 443 ssl", f"listen 127.0.0.1:{port}")
    rule = rule.replace("http://127.0.0.1:8008", str(walled.settings.matrix_url))
    rule = "".join(line for line in rule.splitlines(True) if "ssl_certificate" not in line)
    folders = "".join(f"{kind}_temp_path {folder};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    head = f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}"
    (folder / "nginx.conf").write_text(f"{head} http {{ access_log off; {folders} {rule} }}")
    process = subprocess.Popen([NGINX, "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL)
    base = f"http://127.0.0.1:{port}"
    try:
        eventually(lambda: _answers(base), lambda: f"nginx, which says: {_log(folder)}")
        yield base
    finally:
        process.terminate()
        process.wait(60)


def _answers(base: str) -> bool:
    try:
        return httpx.get(f"{base}/_matrix/client/versions", timeout=60, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def _log(folder: Path) -> str:
    return (folder / "error.log").read_text() if (folder / "error.log").exists() else "nothing"


def _ask(base: str, home: Home, version: str = "v3", name: str = "nord", **given: object) -> httpx.Response:
    alias = f"%23support-{name}:{home.settings.matrix_server_name}"
    method = str(given.pop("method", "GET"))
    return httpx.request(
        method, f"{base}/_matrix/client/{version}/directory/room/{alias}", timeout=60, trust_env=False, **given
    )  # type: ignore[arg-type]


@pytest.mark.parametrize("version", ["v3", "r0", "api/v1"])
@pytest.mark.parametrize("name", ["nord", "none"])
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer"}, {"Authorization": "Bearer made-up"}])
def test_without_a_token_nothing_is_told(
    proxy: str, walled: Home, version: str, name: str, headers: dict[str, str]
) -> None:
    """Of a room that is there as little as of one that is not."""
    for method in ("GET", "PUT", "DELETE"):
        answer = _ask(proxy, walled, version, name, method=method, headers=headers)
        assert (answer.status_code, answer.json()["errcode"]) == REFUSED
        assert answer.headers["content-type"].startswith("application/json")


def test_it_is_the_rule_that_refuses(proxy: str, walled: Home) -> None:
    assert _ask(str(walled.settings.matrix_url), walled).json()["room_id"] == walled.rooms["nord"]


def test_with_a_token_the_homeserver_answers(proxy: str, walled: Home) -> None:
    headers = {"Authorization": f"Bearer {walled.client('olga').token}"}
    assert _ask(proxy, walled, headers=headers).json()["room_id"] == walled.rooms["nord"]
    missing = _ask(proxy, walled, name="none", headers=headers)
    assert (missing.status_code, missing.json()["errcode"]) == (404, "M_NOT_FOUND")


@pytest.mark.parametrize(
    "where", ["v3/%64irectory/room", "v3//directory/room", "v3/x/../directory/room", "v3/directory%2Froom"]
)
def test_writing_the_address_otherwise_does_not_help(proxy: str, walled: Home, where: str) -> None:
    alias = f"%23support-nord:{walled.settings.matrix_server_name}"
    with socket.create_connection(("127.0.0.1", int(proxy.rpartition(":")[2])), timeout=60) as wire:
        request = f"GET /_matrix/client/{where}/{alias} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
        wire.sendall(request.encode())
        answer = b"".join(iter(lambda: wire.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 401 ") and walled.rooms["nord"].encode() not in answer


def test_browsers_may_ask_beforehand(proxy: str, walled: Home) -> None:
    answer = _ask(
        proxy, walled, method="OPTIONS", headers={"Origin": "https://chat.test", "Access-Control-Request-Method": "GET"}
    )
    assert answer.status_code in (200, 204) and "room_id" not in answer.text


@pytest.mark.parametrize(
    "path", ["/_matrix/client/v3/directory/list/room/!x", "/_matrix/client/v3/login", "/_matrix/client/versions"]
)
def test_everything_else_passes(proxy: str, walled: Home, path: str) -> None:
    direct = httpx.get(f"{walled.settings.matrix_url}{path}", timeout=60, trust_env=False)
    through = httpx.get(f"{proxy}{path}", timeout=60, trust_env=False)
    assert (through.status_code, through.json()) == (direct.status_code, direct.json())
