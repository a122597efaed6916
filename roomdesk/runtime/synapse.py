"""The embedded Synapse: its files, its process, its administrator."""

from __future__ import annotations

import base64
import hashlib
import hmac
import importlib.util
import os
import secrets
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import yaml

from roomdesk.runtime import http
from roomdesk.runtime.children import ChildError, ChildSpec
from roomdesk.runtime.instance import Instance, InstanceError, add_secrets, read_secrets, write_private
from roomdesk.runtime.settings import Settings
from roomdesk.runtime.settings_table import PREFIX
from roomdesk.runtime.synapse_config import ADMIN, homeserver, logging, registrations


def write_files(settings: Settings, instance: Instance) -> None:
    """Write all of Synapse's files anew (ports may have changed); its signing key is made once and kept."""
    instance.synapse.mkdir(mode=0o700, exist_ok=True)
    files: dict[str, Any] = {
        "homeserver.yaml": homeserver(settings, instance, read_secrets(instance)),
        "log.yaml": logging(settings.log_level),
    }
    for name, content in (files | registrations(settings)).items():
        write_private(instance.synapse / name, yaml.safe_dump(content, sort_keys=False))
    key = instance.synapse / "signing.key"
    if not key.exists():
        write_private(key, _signing_key())


def _signing_key() -> str:
    """A new key in the form of signedjson: algorithm, version, seed in base64 without padding."""
    return f"ed25519 a_{secrets.token_hex(2)} {base64.b64encode(secrets.token_bytes(32)).decode().rstrip('=')}\n"


def spec(settings: Settings, instance: Instance) -> ChildSpec:
    """Synapse as our child."""
    if importlib.util.find_spec("synapse") is None:
        raise InstanceError(
            "The embedded homeserver is not installed; install roomdesk[embedded], or set ROOMDESK_MATRIX_URL to a homeserver of yours."
        )
    command = [sys.executable, "-m", "synapse.app.homeserver", "-c", str(instance.synapse / "homeserver.yaml")]
    env = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    # The wall stands beside us, in the repository as in an installation; Synapse runs in another folder.
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(Path(__file__).parents[2]), env.get("PYTHONPATH")]))
    return ChildSpec(
        name="synapse",
        command=command,
        log=instance.logs / "synapse.log",
        env=env,
        cwd=instance.synapse,
        pid_file=instance.run / "synapse.pid",
        ready=lambda pid: http.answers(f"{settings.matrix_url}/health"),
        start_seconds=120,
    )


def ensure_admin(settings: Settings, instance: Instance) -> str:
    """The access token of the homeserver's only administrator of ours (@roomdesk_admin), made at the first start and kept in the secrets; idempotent, also after a crash half-way."""
    kept = read_secrets(instance)
    with http.client(role="set-up", timeout=30, base_url=str(settings.matrix_url), sensitive=True) as client:
        token = kept.get("admin_token")
        if token is None or not _is_valid(client, token):
            token = _register(client, kept, ADMIN) or _recover(client, kept, settings.matrix_server_name)
            add_secrets(instance, admin_token=token)
    return token


def _is_valid(client: httpx.Client, token: str) -> bool:
    return client.get("/_matrix/client/v3/account/whoami", headers=_bearer(token)).status_code == 200


def _register(client: httpx.Client, kept: dict[str, str], localpart: str) -> str | None:
    """Register an administrator with the shared secret; None when the name exists. (Synapse, docs/admin_api/register_api.md)"""
    path = "/_synapse/admin/v1/register"
    nonce, password = client.get(path).raise_for_status().json()["nonce"], secrets.token_urlsafe(32)
    signed = f"{nonce}\0{localpart}\0{password}\0admin".encode()
    mac = hmac.new(kept["synapse_registration_secret"].encode(), signed, hashlib.sha1).hexdigest()
    answer = client.post(
        path, json={"nonce": nonce, "username": localpart, "password": password, "admin": True, "mac": mac}
    )
    if answer.status_code == 400 and answer.json().get("errcode") == "M_USER_IN_USE":
        return None
    return str(_accepted(answer)["access_token"])


def _recover(client: httpx.Client, kept: dict[str, str], server: str) -> str:
    """The administrator exists but its token was lost between its making and its storing: another takes over and switches it off.

    (The new one cannot log in as the old one instead: such a token dies with the account that asked for it.)
    """
    name = f"{ADMIN}_{secrets.token_hex(4)}"
    token = _register(client, kept, name)
    if token is None:
        raise ChildError("A new administrator of the homeserver could not be made; start again.")
    listed = _accepted(
        client.get("/_synapse/admin/v2/users", params={"admins": "true", "limit": 1000}, headers=_bearer(token))
    )["users"]
    for old in {user["name"] for user in listed if user["name"].startswith(f"@{ADMIN}")} - {f"@{name}:{server}"}:
        _accepted(
            client.post(
                f"/_synapse/admin/v1/deactivate/{quote(old, safe='')}", json={"erase": False}, headers=_bearer(token)
            )
        )
    return token


def _accepted(answer: httpx.Response) -> dict[str, Any]:
    if answer.status_code != 200:
        raise ChildError(
            f"The homeserver refused the set-up of its administrator (status {answer.status_code}); look into its log."
        )
    return dict(answer.json())


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
