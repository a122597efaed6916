"""The data folder: what is in it, who may read it, and how a process finds the installation that lives there."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from roomdesk.runtime.settings import Settings

TOKENS = (
    "secret_key",
    "as_token",
    "hs_token",
    "people_token",
    "oidc_client_secret",
    "api_token",
    "pg_superuser_password",
    "pg_owner_password",
    "pg_app_password",
    "pg_synapse_password",
    "synapse_macaroon_secret",
    "synapse_form_secret",
    "synapse_registration_secret",
)


class InstanceError(RuntimeError):
    """The data folder cannot be used; the text is a sentence for people."""


@dataclass(frozen=True)
class Instance:
    """The paths of one data folder."""

    folder: Path

    @property
    def secrets(self) -> Path:
        """Everything secret, 0600, made at the first start."""
        return self.folder / "secrets.json"

    @property
    def ports(self) -> Path:
        """The ports chosen at the last start, `{"web", "matrix", "postgres"}`."""
        return self.folder / "ports.json"

    @property
    def postgres(self) -> Path:
        """PostgreSQL's data directory."""
        return self.folder / "postgres"

    @property
    def synapse(self) -> Path:
        """Synapse's configuration, signing key and media."""
        return self.folder / "synapse"

    @property
    def logs(self) -> Path:
        """One log per child."""
        return self.folder / "log"

    @property
    def run(self) -> Path:
        """`<name>.pid` of every running child, and the supervisor's lock."""
        return self.folder / "run"


def create(folder: Path) -> Instance:
    """Make the folder and its secrets where they are missing; repeated calls change nothing. Raises `InstanceError`."""
    instance = Instance(folder)
    try:
        for path in (folder, instance.logs, instance.run):
            path.mkdir(parents=True, exist_ok=True)
            path.chmod(folder_mode())
        if not instance.secrets.exists():
            write_private(instance.secrets, _new_secrets())
    except OSError as error:
        raise InstanceError(
            f'The data folder "{folder}" cannot be written ({error.strerror}); set ROOMDESK_DATA to a folder this user may write.'
        ) from error
    return instance


def folder_mode() -> int:
    """0700; started by root 0711, because PostgreSQL then runs as another user and has to reach its own folder through this one."""
    return 0o711 if os.geteuid() == 0 else 0o700


def _new_secrets() -> dict[str, str]:
    return {name: secrets.token_urlsafe(32) for name in TOKENS} | {"oidc_private_key": _rsa_key()}


def _rsa_key() -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form).decode()


def write_private(path: Path, content: Mapping[str, Any] | str) -> None:
    """Replace a file at once, 0600 from its first byte: a crash leaves the old or the new one."""
    text = content if isinstance(content, str) else json.dumps(content, indent=1) + "\n"
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def read_secrets(instance: Instance) -> dict[str, str]:
    """All secrets of the folder. Raises `InstanceError` where there is no installation."""
    return dict(_read(instance.secrets))


def add_secrets(instance: Instance, **more: str) -> None:
    """Store further secrets. Only the supervisor calls this: it holds the folder's lock."""
    write_private(instance.secrets, read_secrets(instance) | more)


def read_ports(instance: Instance) -> dict[str, int]:
    """The remembered ports; empty before the first start."""
    return dict(_read(instance.ports)) if instance.ports.exists() else {}


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InstanceError(
            f'There is no Roomdesk installation in "{path.parent}"; start one with `roomdesk up`, or set ROOMDESK_DATA to the folder of a running one.'
        ) from None
    except OSError as error:
        raise InstanceError(
            f'"{path}" cannot be read ({error.strerror}); run this as the user who started Roomdesk.'
        ) from error
    except ValueError as error:
        raise InstanceError(f'"{path}" is damaged (it is not JSON); restore it from a back-up.') from error


def resolve(settings: Settings) -> Settings:
    """Complete settings from the data folder, so that any process finds the running installation; idempotent. Raises `InstanceError`."""
    instance = Instance(settings.data)
    if not settings.embedded_database and not settings.embedded_matrix:
        return _addresses(settings, read_ports(instance))
    kept, ports = read_secrets(instance), dict(_read(instance.ports))
    return _addresses(_with_secrets(settings, kept), ports, kept)


def _with_secrets(settings: Settings, kept: Mapping[str, str]) -> Settings:
    names = ["secret_key", "oidc_client_secret", "oidc_private_key", "api_token"]
    names += ["as_token", "hs_token", "people_token", "admin_token"] if settings.embedded_matrix else []
    missing: dict[str, Any] = {name: kept[name] for name in names if getattr(settings, name) is None and name in kept}
    return replace(settings, **missing)


def _addresses(settings: Settings, ports: Mapping[str, int], kept: Mapping[str, str] | None = None) -> Settings:
    """Every address that is not set, from the ports of this installation."""
    done = replace(settings, port=settings.port or ports.get("web", 8080))
    if done.embedded_matrix:
        port = done.matrix_port or ports["matrix"]
        done = replace(done, matrix_port=port, matrix_url=f"http://127.0.0.1:{port}")
    if kept:
        # The embedded homeserver keeps its data in the embedded PostgreSQL even when Roomdesk itself does not.
        done = replace(done, pg_port=done.pg_port or ports["postgres"])
    if done.embedded_database and kept:
        done = _with_database(done, kept)
    return replace(
        done,
        public_url=done.public_url or f"http://127.0.0.1:{done.port}",
        matrix_public_url=done.matrix_public_url or done.matrix_url,
    )


def _with_database(settings: Settings, kept: Mapping[str, str]) -> Settings:
    place = f"127.0.0.1:{settings.pg_port}/roomdesk"
    return replace(
        settings,
        database_url=f"postgresql://roomdesk_app:{kept['pg_app_password']}@{place}",
        database_owner_url=f"postgresql://roomdesk_owner:{kept['pg_owner_password']}@{place}",
    )


def web_address(settings: Settings) -> str:
    """Where programs on this machine reach the web process."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::", "localhost") else settings.host
    return f"http://{host}:{settings.port}"
