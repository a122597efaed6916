#!/usr/bin/env python3
"""Checks an exported chain of evidence: python3 verify.py [PUBLIC_KEY …]

Needs Python 3.9 or newer and nothing else. Beside it lie chain.jsonl (the chain), roots.jsonl (its signed heads, day by day) and keys.json (the desk's
public keys). Whoever trusts nobody gives the public keys they hold themselves, and puts the roots they were given into roots.jsonl.

    commitment = SHA-256(salt + content)          content and salt are gone where somebody was erased by law; an entry of the chain says so
    hash       = SHA-256(canonical JSON (RFC 8785) of all other fields: sorted names, no white space; older entries in ASCII)
    previous   = the hash before; 64 zeros at the beginning

Exit 0: everything fits. Exit 1: the first thing that does not, with its number.
"""

from __future__ import annotations

import hashlib
import json
import sys
from json.encoder import encode_basestring_ascii as text
from pathlib import Path

HERE = Path(__file__).resolve().parent
#: What the hash of an entry is over.
FIELDS = ("action", "actor", "actor_kind", "at", "commitment", "previous", "scope", "seq", "subject")


def main(keys: list[str]) -> int:
    try:
        hashes, erased = chain(HERE / "chain.jsonl")
        count = roots(HERE / "roots.jsonl", hashes, keys or known_keys())
    except (Wrong, OSError, ValueError, KeyError, TypeError) as error:
        print(f"WRONG: {error}")
        return 1
    print(f"All in order: {len(hashes) - 1} entries, {erased} of them erased, {count} signed roots; head {hashes[-1]}")
    if not count:
        print("No root vouches for the end of the chain: what was cut off at its end would not be missed.")
    return 0


class Wrong(Exception):
    """Something does not fit."""


def chain(path: Path) -> tuple[list[str], int]:
    """The hashes by number, and how many entries were erased."""
    hashes, named = ["0" * 64], set[int]()
    bare: list[int] = []
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            entry, form = read_entry(line, number)
            content = entry["content"]
            if entry["seq"] != number or entry["previous"] != hashes[-1]:
                raise Wrong(f"number {number} is missing, twice, or does not follow from the one before")
            if sha256(form) != entry["hash"] and sha256(canonical(entry)) != entry["hash"]:
                raise Wrong(f"number {number} is not what was written")
            if content["salt"] is None:
                bare.append(number)
            elif sha256(content["salt"] + content["data"]) != entry["commitment"]:
                raise Wrong(f"the content of number {number} is not what was written")
            elif entry["action"] == "audit.erased":
                named.update(numbers(content["data"], number))
            hashes.append(entry["hash"])
    for number in bare:
        if number not in named:
            raise Wrong(f"the content of number {number} is gone, and no entry says that it was erased")
    return hashes, len(bare)


def read_entry(line: bytes, number: int) -> tuple[dict, str]:
    """An entry with the text that its hash is over. It must be spelt as it was written: another spelling of the same is another line."""
    try:
        e = json.loads(line.decode("ascii"))
        c, seq = e["content"], e["seq"] if type(e["seq"]) is int else None
        begin = f'{{"action":{text(e["action"])},"actor":{text(e["actor"])},"actor_kind":{text(e["actor_kind"])},'
        begin += f'"at":{text(e["at"])},"commitment":{text(e["commitment"])},'
        end = (
            f'"previous":{text(e["previous"])},"scope":{text(e["scope"])},"seq":{seq},"subject":{text(e["subject"])}}}'
        )
        kept = '"data":null,"salt":null' if c["salt"] is None else f'"data":{text(c["data"])},"salt":{text(c["salt"])}'
        is_same = f'{begin}"content":{{{kept}}},"hash":{text(e["hash"])},{end}\n' == line.decode("ascii")
    except (ValueError, KeyError, TypeError) as error:
        raise Wrong(f"line {number} is no entry: {error}") from error
    if not is_same:
        raise Wrong(f"line {number} is not spelt as it was written")
    return e, begin + end


def canonical(entry: dict) -> str:
    """RFC 8785 of what the hash is over; differs from the line's own spelling where it holds more than ASCII."""
    return json.dumps({name: entry[name] for name in FIELDS}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def numbers(content: str, last: int) -> list[int]:
    """The numbers of entries before this one that it says were erased: each by itself, or from first to last."""
    found = json.loads(content)["numbers"]
    pairs = [(one, one) if isinstance(one, int) else one for one in found]
    return [number for a, b in pairs for number in range(max(a, 1), min(b, last) + 1)]


def roots(path: Path, hashes: list[str], keys: list[str]) -> int:
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    for number, line in enumerate(lines, 1):
        kept = json.loads(line)
        root, signature = json.loads(kept["signed"]), kept["signature"]
        if (compact(kept) + "\n").encode() != line or bytes.fromhex(signature).hex() != signature:
            raise Wrong(f"root {number} is not spelt as it was written")
        mine = [key for key in keys if hashlib.sha256(bytes.fromhex(key)).hexdigest()[:16] == kept["key"]]
        if not any(is_signed(kept["signed"].encode(), signature, key) for key in mine):
            raise Wrong(f"root {number} is not signed by a known key")
        if root["seq"] >= len(hashes) or hashes[root["seq"]] != root["hash"]:
            raise Wrong(
                f"the chain is not the one that root {number} of {root['day']} was made of (number {root['seq']})"
            )
    return len(lines)


def known_keys() -> list[str]:
    written = (HERE / "keys.json").read_bytes().decode()
    keys = json.loads(written)
    for number, key in enumerate(keys, 1):
        public = bytes.fromhex(key["public"])
        if public.hex() != key["public"] or hashlib.sha256(public).hexdigest()[:16] != key["key_id"]:
            raise Wrong(f"key {number} is not the one of its name")
    if keys_form(keys) != written:
        raise Wrong("keys.json is not spelt as it was written")
    return [key["public"] for key in keys]


def keys_form(keys: list) -> str:
    return json.dumps(keys, indent=1)


def compact(value: dict) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


# Ed25519 (RFC 8032), verification only.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def is_signed(message: bytes, signature: str, public: str) -> bool:
    key, signed = bytes.fromhex(public), bytes.fromhex(signature)
    a, r, s = point(key), point(signed[:32]), int.from_bytes(signed[32:], "little")
    if len(key) != 32 or len(signed) != 64 or a is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signed[:32] + key + message).digest(), "little") % L
    p, q = times(s, BASE), add(r, times(h, a))
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0


def point(encoded: bytes) -> tuple | None:
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)


def add(p: tuple, q: tuple) -> tuple:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(scalar: int, p: tuple) -> tuple:
    found = (0, 1, 1, 0)
    while scalar:
        found = add(found, p) if scalar & 1 else found
        p, scalar = add(p, p), scalar >> 1
    return found


BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little")) or (0, 1, 1, 0)

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
