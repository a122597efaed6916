"""One transaction for a write of the directory, tried once more when somebody was faster."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import DatabaseError, IntegrityError, OperationalError, transaction
from psycopg.errors import DeadlockDetected, UniqueViolation

from roomdesk.directory.errors import Conflict

T = TypeVar("T")

#: What two writers of the same new thing collide on: the second one then finds the thing and carries on from there.
RACES = frozenset(
    {
        "directory_person_slug_key",
        "directory_person_localpart_key",
        "person_email_once",
        "identity_once",
        "identity_one_for_an_issuer",
        "queues_lane_key_key",
        "directory_workspace_slug_key",
        "staff_role_one_open",
        "directory_apitoken_name_key",
        "product_version_once",
    }
)


def together(act: Callable[[], T]) -> T:
    """Runs `act` in one durable transaction. Conflict if it loses the same race twice."""
    try:
        return _once(act)
    except (IntegrityError, OperationalError) as error:
        _check_race(error)
    try:
        return _once(act)
    except (IntegrityError, OperationalError) as error:
        _check_race(error)
        raise Conflict(
            "Somebody else changed the same thing at the same moment. Nothing was changed; try again."
        ) from error


def _once(act: Callable[[], T]) -> T:
    with transaction.atomic(durable=True):
        return act()


def _check_race(error: DatabaseError) -> None:
    """Raises `error` again unless it says that somebody was faster."""
    cause = error.__cause__
    lost = isinstance(cause, UniqueViolation) and cause.diag.constraint_name in RACES
    if not lost and not isinstance(cause, DeadlockDetected):
        raise error
