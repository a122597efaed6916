"""An authenticator app, as somebody carries it."""

from __future__ import annotations

import time

from allauth.mfa import app_settings
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value


def shown(secret: str) -> str:
    """The code that the app shows now (RFC 6238), by the machine's clock.

    The step of now, not the first that would be taken: that one ends with the half minute, maybe before it was handed in.
    """
    return format_hotp_value(hotp_value(secret, int(time.time()) // app_settings.TOTP_PERIOD))
