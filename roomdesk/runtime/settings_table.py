"""The table of all settings: one row each, from which loading, hiding and the documentation follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from roomdesk.runtime import settings_values as values
from roomdesk.runtime import sign_in_providers

PREFIX = "ROOMDESK_"


@dataclass(frozen=True)
class Spec:
    """One setting: field name, its parser, the meaning for people, the default in words, and whether its value must stay out of logs."""

    name: str
    parse: Callable[[str], Any]
    meaning: str
    default: str = "not set"
    secret: bool = False
    #: Which parts of the text are secret, where not all of it is.
    secrets_in: Callable[[str], list[str]] | None = None

    @property
    def variable(self) -> str:
        """The environment variable; `<variable>_FILE` names a file that holds the value instead."""
        return PREFIX + self.name.upper()


_web = values.url("http", "https", example="https://support.example.org")
_postgres = values.url("postgresql", "postgres", example="postgresql://user:password@db.example.org:5432/roomdesk")

SETTINGS: tuple[Spec, ...] = (
    Spec(
        "data", values.folder, "The data folder: secrets, embedded services, logs.", "`.roomdesk` in the current folder"
    ),
    Spec(
        "mode",
        values.choice("demo", "test", "production"),
        "What the installation is for. Only demo and test may move the clock.",
        "demo while database and homeserver are embedded, else production",
    ),
    Spec(
        "products",
        values.folder,
        "The folder of product files that `up` and `demo` load.",
        "`products` in the current folder, or beside the program",
    ),
    Spec("host", values.host, "The address the web process listens on.", "127.0.0.1"),
    Spec("port", values.port, "The port of the web process.", "8080, or the next free one"),
    Spec(
        "public_url",
        _web,
        "The address at which people reach the web pages; also the issuer of the identity provider.",
        "`http://127.0.0.1:<port>`",
    ),
    Spec("chat_url", _web, "The Matrix client people are sent to."),
    Spec(
        "database_url",
        _postgres,
        "An outside PostgreSQL, as the role that runs Roomdesk (it needs no right to change tables).",
        "embedded",
        secret=True,
    ),
    Spec(
        "database_owner_url",
        _postgres,
        "The same database as the role that owns the tables; only `roomdesk migrate` uses it.",
        "embedded",
        secret=True,
    ),
    Spec("pg_port", values.port, "The port of the embedded PostgreSQL.", "the next free one after the homeserver's"),
    Spec("matrix_url", _web, "An outside homeserver's client address, as Roomdesk reaches it.", "embedded"),
    Spec("matrix_port", values.port, "The port of the embedded homeserver.", "the next free one after the web port"),
    Spec(
        "matrix_server_name",
        values.server_name,
        "The server part of Matrix names. Required with an outside homeserver.",
        "roomdesk.localhost",
    ),
    Spec("matrix_public_url", _web, "The homeserver's client address as people reach it.", "the same as Roomdesk uses"),
    Spec(
        "as_token",
        values.token,
        "The token Roomdesk uses at the homeserver (registration `roomdesk`).",
        "from the data folder",
        secret=True,
    ),
    Spec(
        "hs_token",
        values.token,
        "The token the homeserver uses at Roomdesk (registration `roomdesk`).",
        "from the data folder",
        secret=True,
    ),
    Spec(
        "people_token",
        values.token,
        "The token of registration `roomdesk-people`, which may act for any local user. Optional with an outside homeserver.",
        "from the data folder",
        secret=True,
    ),
    Spec(
        "admin_token",
        values.token,
        "The access token of a homeserver administrator, for provisioning and locking. Optional with an outside homeserver.",
        "from the data folder",
        secret=True,
    ),
    Spec(
        "secret_key",
        values.token,
        "The key that signs sessions and links. Required with an outside database.",
        "from the data folder",
        secret=True,
    ),
    Spec(
        "signing_key",
        values.pem,
        "The Ed25519 key (PEM) that signs receipts of consents and the daily roots of the audit chains.",
        "made from `ROOMDESK_SECRET_KEY`",
        secret=True,
    ),
    Spec(
        "oidc_client_secret",
        values.token,
        "The secret the homeserver shows to the identity provider (client `synapse`).",
        "from the data folder",
        secret=True,
    ),
    Spec(
        "oidc_private_key",
        values.pem,
        "The RSA key (PEM) with which the identity provider signs.",
        "from the data folder",
        secret=True,
    ),
    Spec(
        "api_token",
        values.token,
        "The bootstrap API token; in production make scoped tokens instead.",
        "from the data folder",
        secret=True,
    ),
    Spec(
        "staff_second_factor",
        values.choice("optional", "required"),
        "Whether staff who sign in with a password need a second factor (an authenticator app or a security key) before they see anything.",
        "optional",
    ),
    Spec(
        "sign_in_providers",
        sign_in_providers.checked,
        "Outside identity providers (OpenID Connect) by which staff and customers sign in, as TOML; best by its `_FILE` form. `sign-in.md` has the form.",
        secret=True,
        secrets_in=sign_in_providers.secrets_in,
    ),
    Spec("web_processes", values.whole(1, 64), "How many web processes the supervisor starts.", "1"),
    Spec("worker_processes", values.whole(0, 64), "How many worker processes the supervisor starts.", "1"),
    Spec(
        "room_sweep_seconds",
        values.whole(1, 86_400),
        "How long a room may go uncompared with what it should be; then the workers look, and repair what differs.",
        "900",
    ),
    Spec(
        "files",
        values.folder,
        "Where copies of what people attach are kept. Several machines share this folder.",
        "`files` in the data folder",
    ),
    Spec(
        "roots",
        values.folder,
        "Where the daily signed roots of the audit chains are written, outside the database; best a place that this machine can only append to.",
        "`roots` in the data folder",
    ),
    Spec(
        "file_megabytes",
        values.whole(1, 10_240),
        "The largest attachment that is kept, in MB of 1,000,000 bytes.",
        "100",
    ),
    Spec(
        "clamav_url",
        values.url("tcp", example="tcp://clamav.example.org:3310"),
        "A ClamAV daemon that looks at every file before it is kept. While it is away no file is kept.",
    ),
    Spec(
        "accounts",
        values.choice("managed", "shared"),
        "Whose the people's accounts at the homeserver are: `managed` ones serve the desk alone, and are locked when a person belongs nowhere any more.",
        "managed while the homeserver is embedded, else shared",
    ),
    Spec(
        "webhook_networks",
        values.choice("public", "any"),
        "Where webhooks may go: `public` addresses, or `any`, the desk's own network and this machine among them.",
        "public",
    ),
    Spec(
        "webhook_schemes",
        values.choice("https", "any"),
        "How webhooks may go: `https`, or `any`, plain http among them.",
        "https",
    ),
    Spec("log_level", values.choice("debug", "info", "warning", "error"), "What is logged at least.", "info"),
    Spec("log_format", values.choice("text", "json"), "Lines for people, or one JSON object per line.", "text"),
    Spec(
        "pagerduty_url",
        _web,
        "Where events go to PagerDuty; its EU region has another address, `https://events.eu.pagerduty.com`.",
        "`https://events.pagerduty.com`",
    ),
    Spec(
        "pagerduty_routing",
        values.routing,
        "The routing keys of PagerDuty's services, with spaces between: `product/severity=key`, `product=key`, or a key alone for all. Without one nobody is paged by PagerDuty.",
        secret=True,
    ),
    Spec(
        "pagerduty_webhook_secrets",
        values.tokens,
        "The secret of PagerDuty's webhook subscription; while it is changed both, with a space between. Without one its webhooks are refused.",
        secret=True,
    ),
    Spec(
        "pagerduty_api_url",
        _web,
        "PagerDuty's REST API, for those of its EU region `https://api.eu.pagerduty.com`.",
        "`https://api.pagerduty.com`",
    ),
    Spec(
        "pagerduty_api_token",
        values.token,
        "A read-only key of PagerDuty's REST API. With it the desk asks every minute who has a page that nobody seems to have, for webhooks may be lost, and takes over the rotas that are PagerDuty's.",
        secret=True,
    ),
    Spec(
        "heartbeat_url",
        _web,
        "An address outside that the watchdog calls every minute while all is well; whoever stands there calls people when it stops.",
        secret=True,
    ),
    Spec(
        "smtp_url",
        values.url("smtp", "smtps", example="smtp://user:password@mail.example.org:587"),
        "Where mail goes out. Without it receipts of consents are not mailed.",
        secret=True,
    ),
    Spec(
        "mail_from",
        values.mail_address,
        "The address from which mail goes out.",
        "`roomdesk@` and the host of the public address",
    ),
)


def markdown() -> str:
    """The page docs/settings.md, made from the table."""
    rows = [
        f"| `{spec.variable}` | {spec.meaning} | {spec.default} | {'yes' if spec.secret else ''} |" for spec in SETTINGS
    ]
    return "\n".join([_HEAD, *rows, ""])


_HEAD = """# Settings
Made from `roomdesk/runtime/settings_table.py`; do not edit by hand.

Every value comes from the environment, or from a file named by the same variable with `_FILE` at its end (spaces around the content are cut).
A wrong value stops the start with a sentence that names the variable. Secret values are kept out of logs.

The embedded PostgreSQL keeps tables and indexes at hand in an eighth of the memory (of the machine, or the limit of the container), at least 128 MB and at most 1 GB:
with a million messages the slower searches then take about three quarters of the time that they take with 128 MB. An outside PostgreSQL is best given a quarter of its machine (`shared_buffers`).

The embedded PostgreSQL never runs as root: started by root it runs as the system user `postgres`, else `nobody`. For that the folders above the data
folder and above the installed programs get the right to be passed (`o+x`, not listed) where they lack it. Started by an ordinary user nothing is changed.

| variable | meaning | default | secret |
|---|---|---|---|"""
