"""What Synapse is told: homeserver.yaml, log configuration, both registrations. Pure; every line was tried against the real server."""

from __future__ import annotations

import re
from typing import Any

from roomdesk.runtime.instance import Instance, web_address
from roomdesk.runtime.settings import Settings

BOT = "support"
ADMIN = "roomdesk_admin"
PEOPLE_SENDER = "roomdesk_people"
#: The wall between customers (docs/synapse.md), and the desk's own accounts, which alone may pass it.
WALL = "roomdesk_synapse"
DESK_ACCOUNTS = (BOT, f"{BOT}_.*", f"{ADMIN}(_[0-9a-f]+)?")


def homeserver(settings: Settings, instance: Instance, kept: dict[str, str]) -> dict[str, Any]:
    """homeserver.yaml for resolved settings."""
    return (
        _base(settings, instance)
        | _keys(kept)
        | _database(settings, kept)
        | _sign_in(settings)
        | _closed(settings)
        | _wall()
        | limits(settings.mode)
    )


def _base(settings: Settings, instance: Instance) -> dict[str, Any]:
    return {
        "server_name": settings.matrix_server_name,
        "public_baseurl": f"{settings.matrix_public_url}/",
        "pid_file": str(instance.synapse / "homeserver.pid"),
        "log_config": str(instance.synapse / "log.yaml"),
        "signing_key_path": str(instance.synapse / "signing.key"),
        "media_store_path": str(instance.synapse / "media"),
        "listeners": [
            {
                "port": settings.matrix_port,
                "type": "http",
                "bind_addresses": ["127.0.0.1"],
                "x_forwarded": False,
                "resources": [{"names": ["client"], "compress": False}],
            }
        ],
        "app_service_config_files": [
            str(instance.synapse / name) for name in ("registration-roomdesk.yaml", "registration-people.yaml")
        ],
        "report_stats": False,
        "trusted_key_servers": [],
        "suppress_key_server_warning": True,
        "federation_domain_whitelist": [],
        # Nobody is sent to, and nobody is found: without these two Synapse notes for each event how far it has come with both.
        "send_federation": False,
        "update_user_directory": False,
        "url_preview_enabled": False,
        "caches": {"global_factor": 0.5},
        "redaction_retention_period": "7d",
        "default_room_version": "12",
        "encryption_enabled_by_default_for_room_type": "off",
    }


def _keys(kept: dict[str, str]) -> dict[str, Any]:
    return {
        "macaroon_secret_key": kept["synapse_macaroon_secret"],
        "form_secret": kept["synapse_form_secret"],
        "registration_shared_secret": kept["synapse_registration_secret"],
    }


def _database(settings: Settings, kept: dict[str, str]) -> dict[str, Any]:
    # Keepalives, so that a connection to a PostgreSQL that went away is noticed within seconds.
    arguments = {
        "host": "127.0.0.1",
        "port": settings.pg_port,
        "user": "synapse",
        "password": kept["pg_synapse_password"],
        "dbname": "synapse",
        "cp_min": 2,
        "cp_max": 10,
        "keepalives": 1,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "connect_timeout": 5,
    }
    return {"database": {"name": "psycopg2", "args": arguments}}


def _sign_in(settings: Settings) -> dict[str, Any]:
    """Sign-in only through Roomdesk's identity provider, only for people it has provisioned."""
    provider = {
        "idp_id": "roomdesk",
        "idp_name": "Roomdesk",
        "issuer": settings.public_url,
        "client_id": "synapse",
        "client_secret": settings.oidc_client_secret,
        "scopes": ["openid", "profile", "email"],
        "enable_registration": False,
        # Synapse insists on https otherwise; on loopback there is nobody between.
        "skip_verification": str(settings.public_url).startswith("http://"),
        "user_mapping_provider": {
            "config": {
                "subject_template": "{{ user.sub }}",
                "localpart_template": "{{ user.preferred_username }}",
                "display_name_template": "{{ user.name }}",
            }
        },
    }
    # Entries are prefixes: without the slash http://a would also allow http://a.example.
    allowed = [f"{address}/" for address in (settings.public_url, settings.chat_url) if address]
    return {
        "oidc_providers": [provider],
        "sso": {"client_whitelist": allowed},
        "password_config": {"enabled": False},
        "enable_registration": False,
        "allow_guest_access": False,
    }


def _closed(settings: Settings) -> dict[str, Any]:
    """The doors a plain Synapse leaves open between customers. `block_non_admin_invites` is not among them: it stops the bot too."""
    desk = {"user_id": f"@{BOT}:{settings.matrix_server_name}", "alias": "*", "room_id": "*", "action": "allow"}
    return {
        "user_directory": {"enabled": False},
        "presence": {"enabled": False},
        "enable_room_list_search": False,
        "require_auth_for_profile_requests": True,
        "limit_profile_requests_to_users_who_share_rooms": True,
        "include_profile_data_on_invite": False,
        "enable_set_displayname": False,
        "enable_set_avatar_url": False,
        "enable_3pid_changes": False,
        "forget_rooms_on_leave": True,
        "max_upload_size": "30M",
        "alias_creation_rules": [desk],
        "room_list_publication_rules": [{"user_id": "*", "alias": "*", "room_id": "*", "action": "deny"}],
    }


def _wall() -> dict[str, Any]:
    """The module that refuses what no setting does. Nobody is free here: staff need nothing beyond the desk's rooms."""
    return {"modules": [{"module": f"{WALL}.Wall", "config": {"desk": list(DESK_ACCOUNTS), "free": []}}]}


_LIMITS = (
    "rc_registration",
    "rc_registration_token_validity",
    "rc_admin_redaction",
    "rc_joins_per_room",
    "rc_key_requests",
    "rc_3pid_validation",
    "rc_third_party_invite",
    "rc_media_create",
    "rc_delayed_event_mgmt",
    "rc_room_creation",
    "rc_reports",
    "rc_user_directory",
)
_GROUPS = {
    "rc_login": ("address", "account", "failed_attempts"),
    "rc_joins": ("local", "remote"),
    "rc_invites": ("per_room", "per_user", "per_issuer"),
    "rc_presence": ("per_user",),
}


def limits(mode: str) -> dict[str, Any]:
    """Rate limits: in production a customer may act 30 times at once, then once a second (the default stops at 10); in demo and tests nobody is slowed."""
    if mode == "production":
        return {"rc_message": {"per_second": 1, "burst_count": 30}}
    free = {"per_second": 10000, "burst_count": 10000}
    return {name: free for name in ("rc_message", *_LIMITS)} | {
        group: {name: free for name in names} for group, names in _GROUPS.items()
    }


def registrations(settings: Settings) -> dict[str, dict[str, Any]]:
    """The application service registrations, by file name; also what an outside homeserver has to load. Regexes are matched from the start: hence the `$`."""
    server = re.escape(settings.matrix_server_name)
    desk = {
        "users": [{"exclusive": True, "regex": f"^@{BOT}(_.*)?:{server}$"}],
        "aliases": [{"exclusive": True, "regex": f"^#{BOT}-.*:{server}$"}],
        "rooms": [],
    }
    # People only: this token must be able to act neither for the desk nor for the homeserver's administrator.
    people = {
        "users": [{"exclusive": False, "regex": f"^@(?!{BOT}[_:]|{ADMIN}).*:{server}$"}],
        "aliases": [],
        "rooms": [],
    }
    common = {"hs_token": settings.hs_token, "rate_limited": False}
    return {
        "registration-roomdesk.yaml": common
        | {
            "id": "roomdesk",
            "url": web_address(settings),
            "as_token": settings.as_token,
            "sender_localpart": BOT,
            "namespaces": desk,
        },
        "registration-people.yaml": common
        | {
            "id": "roomdesk-people",
            "url": None,
            "as_token": settings.people_token,
            "hs_token": f"unused-{settings.hs_token}",
            "sender_localpart": PEOPLE_SENDER,
            "namespaces": people,
        },
    }


def logging(level: str) -> dict[str, Any]:
    """Synapse's log configuration: to its standard error, which is our log file."""
    wanted = {"debug": "DEBUG", "info": "WARNING"}.get(level, "WARNING")
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(request)s %(message)s"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"level": wanted, "handlers": ["stderr"]},
    }
