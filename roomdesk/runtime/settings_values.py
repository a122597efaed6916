"""Parsers of single settings: text in, value out; a `ValueError` says what is wrong and what to give instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

_SERVER_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?")
_HOST = re.compile(r"[A-Za-z0-9.:-]+")


def text(raw: str) -> str:
    """Any text that is not empty."""
    return raw


def folder(raw: str) -> Path:
    """A folder's absolute path; `~` is the home folder, a relative one starts where the process was started."""
    return Path(raw).expanduser().absolute()


def whole(low: int, high: int) -> Callable[[str], int]:
    """A parser of whole numbers from `low` to `high`."""

    def parse(raw: str) -> int:
        if not raw.isascii() or not raw.isdigit() or not low <= int(raw[:12]) <= high:
            raise ValueError(f'is "{raw}", which is not a whole number from {low} to {high}; give such a number')
        return int(raw)

    return parse


port = whole(1, 65535)


def choice(*allowed: str) -> Callable[[str], str]:
    """A parser that takes one of the given words."""

    def parse(raw: str) -> str:
        if raw not in allowed:
            raise ValueError(f'is "{raw}", which is none of the words it may be; give {" or ".join(allowed)}')
        return raw

    return parse


def url(*schemes: str, example: str) -> Callable[[str], str]:
    """A parser of addresses with one of `schemes` and a host; a slash at the end is cut. The value itself is never quoted: it may hold a password."""

    def parse(raw: str) -> str:
        if fault := _url_fault(raw, schemes):
            raise ValueError(f"{fault}; give an address such as {example}")
        return raw.rstrip("/")

    return parse


def _url_fault(raw: str, schemes: tuple[str, ...]) -> str | None:
    try:
        parts = urlsplit(raw)
        named, _ = parts.hostname, parts.port
    except ValueError:
        return "is not an address (its host or port cannot be read)"
    if parts.scheme not in schemes:
        return f"does not begin with {' or '.join(f'{scheme}://' for scheme in schemes)}"
    return None if named else "names no host"


def host(raw: str) -> str:
    """A host name or address to listen on."""
    if not _HOST.fullmatch(raw):
        raise ValueError(f'is "{raw}", which is no host name or address; give one such as 127.0.0.1')
    return raw


def server_name(raw: str) -> str:
    """The server part of Matrix identifiers (Matrix specification, appendix "Server Name"), lower case."""
    if not _SERVER_NAME.fullmatch(raw):
        raise ValueError(
            f'is "{raw}", which is no Matrix server name; give the part after the colon of its users, such as example.org'
        )
    return raw


def mail_address(raw: str) -> str:
    """A mail address, bare."""
    local, _, domain = raw.rpartition("@")
    if not local or not _HOST.fullmatch(domain) or any(letter.isspace() or letter in "<>,;" for letter in raw):
        raise ValueError(f'is "{raw}", which is no mail address; give one such as support@example.org')
    return raw


def token(raw: str) -> str:
    """A secret of at least 16 characters without spaces. It is never quoted."""
    if len(raw) < 16 or any(letter.isspace() for letter in raw):
        raise ValueError("is shorter than 16 characters or holds spaces; give a long random value without spaces")
    return raw


def pem(raw: str) -> str:
    """A private key in PEM form. It is never quoted."""
    if "PRIVATE KEY-----" not in raw:
        raise ValueError("is no private key in PEM form; give the text of an RSA key, best through its _FILE form")
    return raw + "\n"


_ROUTE = re.compile(r"(?:(\*|[a-z][a-z0-9-]*(?:/[a-z][a-z0-9_-]*)?)=)?([A-Za-z0-9]{32})")


def routing(raw: str) -> str:
    """Routing keys of PagerDuty, with spaces between: `product/severity=key`, `product=key` or `*=key`; a key alone is for all.

    A key is exactly 32 letters and digits (contracts §1). The value itself is never quoted.
    """
    for number, one in enumerate(raw.split(), 1):
        if not _ROUTE.fullmatch(one):
            raise ValueError(
                f"has as its {number}. part no routing; write shop/critical=KEY, shop=KEY or a KEY alone, of 32 letters and digits"
            )
    return raw


def tokens(raw: str) -> str:
    """Secrets of at least 8 characters, with spaces between: the present one and, while it is changed, the former. Never quoted."""
    if any(len(one) < 8 for one in raw.split()):
        raise ValueError("has a secret of fewer than 8 characters; give the whole of each, with a space between two")
    return raw
