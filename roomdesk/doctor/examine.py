"""The examination: every part in turn; where one is away, what stands on it is not asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import httpx

from roomdesk.doctor.findings import Finding, ok, problem
from roomdesk.runtime.instance import InstanceError, resolve
from roomdesk.runtime.logs import scrubber
from roomdesk.runtime.settings import Settings, SettingsError, load, secret_values

Check = Callable[[], Finding]


def examine() -> list[Finding]:
    """All findings in order. Never raises; nothing secret is in them."""
    try:
        settings = resolve(load(os.environ))
    except SettingsError as error:
        return [
            problem(
                "settings", text, "Set it right and run this again; `roomdesk settings list` says what each is for."
            )
            for text in error.problems
        ]
    except InstanceError as error:
        return [problem("data folder", str(error), "Start the desk with `roomdesk up`.")]
    return [_clean(finding, settings) for finding in [ok("settings", "All settings can be read."), *_all()]]


def _all() -> Iterator[Finding]:
    from roomdesk import bootstrap

    bootstrap.setup()
    from roomdesk.doctor import calendars, database, evidence, flow, homeserver, hooks, machine, paging, wall

    yield from _each(machine.data_folder, machine.mode, machine.moved_clock)
    yield from _standing_on(
        _made(database.reachable),
        database.migrated,
        database.append_only,
        database.months,
        evidence.roots,
        flow.worker,
        flow.inbox,
        flow.set_aside,
        flow.unrouted,
        flow.unread_rooms,
        flow.search,
        flow.record,
        flow.outbox,
        hooks.webhooks,
        paging.pages,
        paging.paging,
        paging.rota,
        paging.imports,
        flow.failed_rooms,
        flow.products,
        calendars.holidays,
    )
    yield _made(flow.web)
    yield from _standing_on(
        _made(homeserver.reachable),
        homeserver.registration,
        homeserver.push,
        homeserver.people,
        homeserver.admin,
        homeserver.encryption,
        homeserver.passwords,
        homeserver.sign_up,
        homeserver.aliases,
        wall.wall,
        wall.profiles,
    )


def _standing_on(base: Finding, *checks: Check) -> Iterator[Finding]:
    yield base
    if base.status != "problem":
        yield from _each(*checks)


def _each(*checks: Check) -> Iterator[Finding]:
    return (_made(check) for check in checks)


def _made(check: Check) -> Finding:
    """A check's finding; one that cannot be made is a finding too."""
    from django.db import Error, connection

    part = check.__module__.rpartition(".")[2] if check.__name__ == "reachable" else check.__name__.replace("_", " ")
    try:
        return check()
    except Error as error:
        connection.close()
        return problem(
            part,
            f"The database does not answer: {_first_line(error)}.",
            "Start the desk with `roomdesk up`; with an outside database see ROOMDESK_DATABASE_URL.",
        )
    except httpx.HTTPError as error:
        return problem(
            part,
            f"The homeserver does not answer ({type(error).__name__}).",
            "Start the desk with `roomdesk up`; with an outside homeserver see ROOMDESK_MATRIX_URL.",
        )
    except Exception as error:  # noqa: BLE001 - one part that cannot be examined must not hide the others
        return problem(
            part,
            f"This could not be examined: {type(error).__name__}: {_first_line(error)}.",
            "Tell the vendor of Roomdesk.",
        )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def _clean(finding: Finding, settings: Settings) -> Finding:
    """Errors that are quoted may hold anything: no secret of ours leaves with them."""
    pattern = scrubber(secret_values(settings))
    if pattern is None:
        return finding
    return Finding(
        finding.part, finding.status, pattern.sub("(hidden)", finding.says), pattern.sub("(hidden)", finding.do)
    )
