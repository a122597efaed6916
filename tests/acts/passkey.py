"""A passkey as a browser registers it (WebAuthn level 2, 7.1), made by the means of the library by which the desk checks it."""

from __future__ import annotations

import hashlib
import json
import secrets

from cryptography.hazmat.primitives.asymmetric import ec
from django.urls import reverse
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

#: Where `act.browser` is, which the key is bound to.
_HOST = "127.0.0.1"
_CHALLENGE = b"a challenge that the page has set"
_FLAGS = AuthenticatorData.FLAG


def challenged() -> dict[str, str]:
    """What the session keeps of a registration that the page has begun."""
    return {"challenge": websafe_encode(_CHALLENGE), "user_verification": "preferred"}


def registered(challenge: bytes = _CHALLENGE) -> dict[str, str]:
    """The form that the page sends: a new key, whose owner was there and was recognised."""
    key = ES256.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()).public_key())
    name = secrets.token_bytes(16)
    held = AttestedCredentialData.create(bytes(16), name, key)
    host = hashlib.sha256(_HOST.encode()).digest()
    shown = AuthenticatorData.create(host, _FLAGS.UP | _FLAGS.UV | _FLAGS.AT, 0, held)
    said = CollectedClientData.create(CollectedClientData.TYPE.CREATE, challenge, f"https://{_HOST}")
    response = {
        "clientDataJSON": websafe_encode(said),
        "attestationObject": websafe_encode(AttestationObject.create("none", shown, {})),
    }
    credential = {"id": websafe_encode(name), "rawId": websafe_encode(name), "type": "public-key", "response": response}
    return {"name": "My laptop", "passwordless": "on", "credential": json.dumps(credential)}


def removal() -> str:
    """Where the only key is removed."""
    from allauth.mfa.models import Authenticator

    return reverse("mfa_remove_webauthn", args=[Authenticator.objects.get(type=Authenticator.Type.WEBAUTHN).pk])
