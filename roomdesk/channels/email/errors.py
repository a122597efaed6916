"""What a mail server answers instead of taking a message."""

from __future__ import annotations


class MailError(Exception):
    """It was not taken. `permanent`: trying again cannot help (a 5xx answer to this message or this address)."""

    permanent = False


class Refused(MailError):
    """The server will never take this message."""

    permanent = True


class Away(MailError):
    """Nobody answered, or not now."""
