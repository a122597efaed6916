"""The desk's own signature (Ed25519, RFC 8032): on receipts of consents and on the daily roots of the chains.

The key is made from `ROOMDESK_SECRET_KEY`, so that every process has it and a restored installation keeps it; `ROOMDESK_SIGNING_KEY` is
one of its own (docs/decisions/0035). Public keys stay on record, so that what an earlier key signed can be checked.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from roomdesk.audit.models import SigningKey
from roomdesk.bootstrap import settings
from roomdesk.rules.canonical_json import canonical_json

_PURPOSE = b"roomdesk signing key 1"


@dataclass(frozen=True, slots=True)
class Signed:
    """A document in its canonical text (RFC 8785), with its signature over exactly these bytes, hexadecimal."""

    text: str
    signature: str
    key_id: str


def sign(document: dict[str, Any], now: datetime) -> Signed:
    """Signs it, and keeps the public key. Within the caller's transaction."""
    text = canonical_json(document)
    public = public_key()
    key_id = id_of(public)
    SigningKey.objects.bulk_create([SigningKey(key_id=key_id, public=public, since=now)], ignore_conflicts=True)
    return Signed(text, _private().sign(text.encode()).hex(), key_id)


def is_signed(text: str, signature: str, public: str) -> bool:
    """Whether this key signed this text. Both are spelt in small letters: another spelling was not written by us."""
    if not all(part == part.lower() for part in (signature, public)):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def public_key() -> str:
    """The present public key, 32 bytes in hexadecimal."""
    return _private().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def id_of(public: str) -> str:
    """A key's short name: the beginning of its SHA-256."""
    return hashlib.sha256(bytes.fromhex(public)).hexdigest()[:16]


def recorded_keys() -> dict[str, str]:
    """Those on record, by their names; whatever signed is there since it did."""
    found = SigningKey.objects.values_list("key_id", "public")
    return {key_id: public for key_id, public in found if _is_named(key_id, public)}


def _is_named(key_id: str, public: str) -> bool:
    try:
        return id_of(public) == key_id
    except ValueError:
        return False


def public_keys() -> list[dict[str, str]]:
    """Every key that has signed, and the present one: `key_id`, `public`."""
    found = {key.key_id: key.public for key in SigningKey.objects.order_by("since")}
    found.setdefault(id_of(public_key()), public_key())
    return [{"key_id": key_id, "public": public} for key_id, public in found.items()]


@cache
def _private() -> Ed25519PrivateKey:
    if settings.signing_key:
        key = load_pem_private_key(settings.signing_key.encode(), None)
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError(
                "ROOMDESK_SIGNING_KEY is no Ed25519 key; make one with `openssl genpkey -algorithm ed25519`."
            )
        return key
    assert settings.secret_key, "an installation always has one"
    return Ed25519PrivateKey.from_private_bytes(hmac.digest(settings.secret_key.encode(), _PURPOSE, "sha256"))
