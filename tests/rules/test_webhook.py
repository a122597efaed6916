"""Signatures of Standard Webhooks by the specification's own example, retries, and which addresses are public."""

from __future__ import annotations

from datetime import timedelta

import pytest

from roomdesk.rules.outside_address import is_public
from roomdesk.rules.webhook import DELAYS, delay_after, key_of, secret_of, signatures


def test_the_specifications_example() -> None:
    """Standard Webhooks, "Signature scheme": the reference libraries' own test vector."""
    secret, name, at = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330
    body = b'{"test": 2432232314}'
    assert signatures([secret], name, at, body) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert len(signatures([secret, secret_of(b"x" * 32)], name, at, body).split(" ")) == 2


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_???"])
def test_what_is_no_secret_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="A secret is whsec_"):
        key_of(secret)


def test_waits_grow_differ_and_end() -> None:
    waits = [delay_after(attempt, "k") for attempt in range(1, len(DELAYS) + 2)]
    assert waits[-1] is None and all(waits[:-1])
    assert all(0.75 * full <= wait <= full for wait, full in zip(waits[:-1], DELAYS, strict=True) if wait)
    assert len({delay_after(4, f"key {n}") for n in range(50)}) > 40
    assert timedelta(days=2) < sum(DELAYS, timedelta()) < timedelta(days=4)
    assert delay_after(1, "k", asked=timedelta(minutes=7)) == timedelta(minutes=7)
    assert delay_after(1, "k", asked=timedelta(days=9)) == timedelta(hours=1)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b:1::1", False),
        ("2002:7f00:1::", False),
        ("fec0::1", False),
        ("no address", False),
        ("", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public
