"""Typed settings from the environment. `load` checks and refuses; `instance.resolve` completes them from the data folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from roomdesk.runtime.settings_table import PREFIX, SETTINGS, Spec


class SettingsError(ValueError):
    """The start is refused. Its text is one sentence per wrong value; no secret is in it."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, repr=False)
class Settings:
    """All settings. `None` is "not set"; after `instance.resolve` every value an embedded or outside installation needs is there.

    `embedded_database` and `embedded_matrix` say who runs these services; `given` holds the variables as they came (for the children).
    """

    data: Path
    mode: str
    embedded_database: bool
    embedded_matrix: bool
    products: Path | None = None
    host: str = "127.0.0.1"
    port: int | None = None
    public_url: str | None = None
    chat_url: str | None = None
    database_url: str | None = None
    database_owner_url: str | None = None
    pg_port: int | None = None
    matrix_url: str | None = None
    matrix_port: int | None = None
    matrix_server_name: str = "roomdesk.localhost"
    matrix_public_url: str | None = None
    as_token: str | None = None
    hs_token: str | None = None
    people_token: str | None = None
    admin_token: str | None = None
    secret_key: str | None = None
    signing_key: str | None = None
    oidc_client_secret: str | None = None
    oidc_private_key: str | None = None
    api_token: str | None = None
    staff_second_factor: str = "optional"
    sign_in_providers: str | None = None
    web_processes: int = 1
    worker_processes: int = 1
    room_sweep_seconds: int = 900
    files: Path | None = None
    roots: Path | None = None
    file_megabytes: int = 100
    clamav_url: str | None = None
    accounts: str = "shared"
    webhook_networks: str = "public"
    webhook_schemes: str = "https"
    log_level: str = "info"
    log_format: str = "text"
    pagerduty_url: str | None = None
    pagerduty_routing: str | None = None
    pagerduty_webhook_secrets: str | None = None
    pagerduty_api_url: str | None = None
    pagerduty_api_token: str | None = None
    heartbeat_url: str | None = None
    smtp_url: str | None = None
    mail_from: str | None = None
    given: Mapping[str, str] = field(default_factory=dict, compare=False)

    def __repr__(self) -> str:
        return f"Settings({', '.join(_shown(self))})"


def _shown(settings: Settings) -> Iterator[str]:
    hidden = {spec.name for spec in SETTINGS if spec.secret}
    for one in fields(settings):
        value = getattr(settings, one.name)
        if one.name != "given":
            yield f"{one.name}={'(hidden)' if value is not None and one.name in hidden else repr(value)}"


def secret_values(settings: Settings) -> frozenset[str]:
    """Every secret text these settings hold, and the passwords inside addresses: what logs must not show."""
    held = [
        part
        for spec in SETTINGS
        if spec.secret and (value := getattr(settings, spec.name))
        for part in (spec.secrets_in(value) if spec.secrets_in else [value])
    ]
    passwords = [urlsplit(value).password for value in held if "://" in value]
    # Some hold several, with spaces between, each perhaps behind a name.
    parts = [part.rpartition("=")[2] for value in held if " " in value or "=" in value for part in value.split()]
    return frozenset(held) | frozenset(word for word in (*passwords, *parts) if word)


def load(environ: Mapping[str, str]) -> Settings:
    """Read and check all settings. Raises `SettingsError` with every problem at once."""
    problems: list[str] = []
    raw = {spec.name: _raw(spec, environ, problems) for spec in SETTINGS}
    values = {spec.name: value for spec in SETTINGS if (value := _parsed(spec, raw[spec.name], problems)) is not None}
    problems += _missing(values, raw)
    if problems:
        raise SettingsError(problems)
    given = {name: value for name, value in environ.items() if name.startswith(PREFIX)}
    return Settings(**_completed(values), given=given)


def _raw(spec: Spec, environ: Mapping[str, str], problems: list[str]) -> str | None:
    """The text of one setting; an empty variable counts as not set."""
    direct, path = environ.get(spec.variable, "").strip(), environ.get(f"{spec.variable}_FILE", "").strip()
    if direct and path:
        problems.append(f"{spec.variable} and {spec.variable}_FILE are both set; keep one of them.")
    elif path:
        return _content(spec, path, problems)
    return direct or None


def _content(spec: Spec, path: str, problems: list[str]) -> str | None:
    try:
        found = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        problems.append(
            f'{spec.variable}_FILE names "{path}", which cannot be read ({reason}); name a file this process may read.'
        )
        return None
    if not found:
        problems.append(f'{spec.variable}_FILE names "{path}", which is empty; write the value into it.')
    return found or None


def _parsed(spec: Spec, raw: str | None, problems: list[str]) -> Any:
    try:
        return None if raw is None else spec.parse(raw)
    except ValueError as error:
        problems.append(f"{spec.variable} {error}.")
        return None


# What an outside service makes necessary: its side of these values cannot be invented here.
_NEEDED = {
    "database_url": ("secret_key", "database_url"),
    "matrix_url": ("as_token", "hs_token", "matrix_server_name"),
    "database_owner_url": ("database_url",),
}


def _missing(values: Mapping[str, Any], raw: Mapping[str, str | None]) -> list[str]:
    """A sentence for every value an outside service needs; one that is there but wrong has its own sentence already."""
    variable = {spec.name: spec.variable for spec in SETTINGS}
    wanted = {need: service for service, needs in _NEEDED.items() if service in values for need in needs}
    return [
        f"{variable[need]} is not set, but {variable[service]} names an outside service that needs it; set {variable[need]} or {variable[need]}_FILE."
        for need, service in wanted.items()
        if raw[need] is None
    ]


def _completed(values: dict[str, Any]) -> dict[str, Any]:
    own_database, own_matrix = "database_url" not in values, "matrix_url" not in values
    mode = "demo" if own_database and own_matrix else "production"
    defaults = {
        "data": Path(".roomdesk").absolute(),
        "mode": mode,
        "accounts": "managed" if own_matrix else "shared",
        "embedded_database": own_database,
        "embedded_matrix": own_matrix,
    }
    return defaults | values


def environment(settings: Settings) -> dict[str, str]:
    """The `ROOMDESK_` variables that make a child process load equal settings. Secrets only as they were given: the rest it reads from the data folder."""
    secret = {spec.variable for spec in SETTINGS if spec.secret}
    known = {spec.variable for spec in SETTINGS}
    kept = {
        name: value
        for name, value in settings.given.items()
        if name.removesuffix("_FILE") in secret or name.removesuffix("_FILE") not in known
    }
    plain = [
        spec for spec in SETTINGS if not spec.secret and not (spec.name == "matrix_url" and settings.embedded_matrix)
    ]
    return kept | {spec.variable: str(value) for spec in plain if (value := getattr(settings, spec.name)) is not None}
