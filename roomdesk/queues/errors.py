from __future__ import annotations


class LockOutsideTransaction(Exception):
    """A lane can only be locked inside a transaction: the lock would be gone at once."""

    def __str__(self) -> str:
        return str(self.__doc__)


class LanesBusy(Exception):
    """Somebody else holds a lane that is needed, and whoever holds one already must not wait for it; nothing was done."""

    def __str__(self) -> str:
        return str(self.__doc__)
