"""Signed webhooks in the form of Standard Webhooks (standardwebhooks.com): secrets, signatures, and when to try again. Pure."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from datetime import timedelta

PREFIX = "whsec_"
#: A secret has 24 to 64 random bytes.
SHORTEST, LONGEST = 24, 64
_HOUR = timedelta(hours=1)
#: How long to wait after each failed attempt. All of it takes about three days.
DELAYS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    *(_HOUR, 2 * _HOUR, 4 * _HOUR, 8 * _HOUR, 12 * _HOUR, 12 * _HOUR, 12 * _HOUR, 12 * _HOUR),
)
#: An endpoint that has taken nothing for so long is sent nothing any more, until somebody looks at it.
GIVEN_UP_AFTER = timedelta(days=3)


def secret_of(key: bytes) -> str:
    """The secret as people pass it on."""
    return PREFIX + base64.b64encode(key).decode()


def key_of(secret: str) -> bytes:
    """The bytes of a secret. ValueError, with a sentence, for what is none."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True) if secret.startswith(PREFIX) else b""
    except (binascii.Error, ValueError):
        key = b""
    if not SHORTEST <= len(key) <= LONGEST:
        raise ValueError(f"A secret is {PREFIX} and the base64 of {SHORTEST} to {LONGEST} bytes.")
    return key


def signatures(secrets: Iterable[str], message_id: str, timestamp: int, body: bytes) -> str:
    """The header `webhook-signature`: one for each secret, so that a receiver may know the old or the new one."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return " ".join(f"v1,{_signed(key_of(secret), signed)}" for secret in secrets)


def _signed(key: bytes, signed: bytes) -> str:
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def delay_after(attempt: int, key: str, *, asked: timedelta = timedelta()) -> timedelta | None:
    """How long to wait after the failed `attempt` (from 1); None once nothing is left. At least what the receiver `asked` for.

    Up to a quarter less by a jitter that follows from `key`: what failed together does not come back together.
    """
    if attempt > len(DELAYS):
        return None
    digest = hashlib.sha256(f"{key}:{attempt}".encode()).digest()
    return max(DELAYS[attempt - 1] * (1 - 0.25 * digest[0] / 255), min(asked, _HOUR))
