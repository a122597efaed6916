"""What an administrator of the homeserver, or who signs in as the desk, can do to rooms in a running installation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import yaml

from tests.harness.live import Live, eventually

V3 = "/_matrix/client/v3"
ADMIN = "/_synapse/admin/v1"


class Hands:
    """Calls with the desk's own tokens, past the desk."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self._secrets = json.loads((live.folder / "secrets.json").read_text())

    def as_bot(self, method: str, where: str, **body: Any) -> httpx.Response:
        return self._call(method, V3 + where, self._secrets["as_token"], body)

    def as_admin(self, method: str, where: str, **body: Any) -> httpx.Response:
        return self._call(method, ADMIN + where, self._secrets["admin_token"], body)

    def _call(self, method: str, where: str, token: str, body: dict[str, Any]) -> httpx.Response:
        address = f"{self.live.ready['matrix_url'].rstrip('/')}{where}"
        headers = {"Authorization": f"Bearer {token}"}
        given = None if method == "GET" else body
        return httpx.request(method, address, headers=headers, json=given, timeout=120, trust_env=False)

    def alias_of(self, workspace: str) -> str:
        """The path of the workspace's alias."""
        return "/directory/room/" + quote(f"#support-{workspace}:{self.live.ready['server_name']}", safe="")

    def take_the_wall_away(self) -> None:
        """The homeserver starts again without the module that refuses what ends a room."""
        file = Path(self.live.folder / "synapse" / "homeserver.yaml")
        config = yaml.safe_load(file.read_text())
        del config["modules"]
        file.write_text(yaml.safe_dump(config))
        running = self.live.folder / "run" / "synapse.pid"
        killed = running.read_text()
        self.live.kill("synapse")
        # The one that is killed may answer until it is gone.
        eventually(lambda: running.read_text() not in ("", killed) and self._answers(), "another homeserver", 120)

    def _answers(self) -> bool:
        try:
            return self.as_bot("GET", "/account/whoami").status_code == 200
        except httpx.HTTPError:
            return False


def done(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found
