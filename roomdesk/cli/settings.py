"""`roomdesk settings`: what can be set, and what is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from roomdesk.cli.base import Refused, emit, json_option
from roomdesk.cli.directory import table

if TYPE_CHECKING:
    from roomdesk.runtime.settings import Settings
    from roomdesk.runtime.settings_table import Spec


@click.group()
def settings() -> None:
    """What can be set, and what is."""


@settings.command("list")
@json_option
def list_settings(as_json: bool) -> None:
    """List all settings: meaning, default, whether set. Values of secrets are never shown. Needs no running desk."""
    from roomdesk.runtime.settings import SettingsError, load
    from roomdesk.runtime.settings_table import SETTINGS

    try:
        found = load(os.environ)
    except SettingsError as error:
        raise Refused(str(error)) from error
    items = [_shown(spec, found) for spec in SETTINGS]
    emit({"items": items}, as_json, table([_row(item) for item in items], ""))


def _shown(spec: Spec, found: Settings) -> dict[str, Any]:
    is_set = any(found.given.get(name, "").strip() for name in (spec.variable, f"{spec.variable}_FILE"))
    item = {
        "name": spec.variable,
        "meaning": spec.meaning,
        "default": spec.default,
        "secret": spec.secret,
        "set": is_set,
    }
    return item if spec.secret else {**item, "value": getattr(found, spec.name)}


def _row(item: dict[str, Any]) -> tuple[str, str, str]:
    value = "(hidden)" if item["secret"] else str(item.get("value"))
    return item["name"], f"= {value}" if item["set"] else f"default: {item['default']}", item["meaning"]
