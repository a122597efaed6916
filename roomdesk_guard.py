#!/usr/bin/env python3
"""roomdesk-guard: runs a command only after the customer's consent for exactly it was used, and reports how it ended.

    roomdesk-guard run --consent BC-C12 --action '{"do": "restore", "target": "current", …}' -- pg_restore …

Needs Python 3.9 or newer and nothing else. Settings: ROOMDESK_URL (https://support.example.org), ROOMDESK_TOKEN (a token with the scope
consents:use), ROOMDESK_KEY (the desk's public key in hexadecimal, as `roomdesk consent keys` prints it). Each may be a file: ROOMDESK_TOKEN_FILE.

It fails closed: whatever is in doubt (no answer, another answer, a receipt that does not verify, is not for this action or was issued for
another run) runs nothing, exit 78. Otherwise its exit code is the command's own; 77 means that the command could not be started.
Its notes are kept in --state (default: ~/.roomdesk-guard), so that a run cut short by a crash is never done twice by itself.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

REFUSED, NOT_STARTED = 78, 77
#: Seconds for one answer, and how often a call is repeated where nobody answered; the nonce makes that safe.
PATIENCE, TRIES = 30, 4
#: No answer of the desk is longer.
MOST_BYTES = 1_000_000
#: Words of the customer's room hold no more.
MOST_WORDS = 500


class Refused(Exception):
    """Nothing is run; the text says why."""


def main(argv: list[str] | None = None) -> int:
    given = read_arguments(argv)
    try:
        if given.do == "verify":
            return verify_file(given)
        return run(given)
    except Refused as reason:
        print(f"roomdesk-guard: {reason} Nothing was run.", file=sys.stderr)
        return REFUSED


def read_arguments(argv: list[str] | None) -> argparse.Namespace:
    words = argparse.ArgumentParser(
        prog="roomdesk-guard", description="Runs a command only with the customer's consent."
    )
    acts = words.add_subparsers(dest="do", required=True)
    act = acts.add_parser("run", help="use a consent, then run the command")
    act.add_argument("--consent", required=True, metavar="ID")
    act.add_argument(
        "--action", metavar="JSON", help="exactly what is about to be done; @FILE reads it; default: the command"
    )
    act.add_argument("--dry-run", action="store_true", help="say whether the consent may be used, and run nothing")
    act.add_argument("--state", type=Path, default=Path.home() / ".roomdesk-guard")
    act.add_argument("command", nargs=argparse.REMAINDER, help="after --")
    look = acts.add_parser("verify", help="check a kept receipt with the desk's public key, without the desk")
    look.add_argument("receipt", type=Path)
    return words.parse_args(argv)


def setting(name: str) -> str:
    path = os.environ.get(f"{name}_FILE")
    try:
        value = Path(path).read_text("utf-8").strip() if path else os.environ.get(name, "").strip()
    except OSError as error:
        raise Refused(f"{name}_FILE cannot be read ({error.strerror}).") from error
    if not value:
        raise Refused(f"{name} is not set.")
    return value


def run(given: argparse.Namespace) -> int:
    command = given.command[1:] if given.command[:1] == ["--"] else given.command
    if not command and not given.dry_run:
        raise Refused("There is no command after `--`.")
    action = read_action(given.action, command)
    for name in ("ROOMDESK_TOKEN", "ROOMDESK_KEY"):
        setting(name)
    check_url(setting("ROOMDESK_URL"))
    if given.dry_run:
        call(given.consent, "consume", {"action": action, "nonce": secrets.token_hex(16), "dry_run": True})
        print(f"roomdesk-guard: {given.consent} may be used for this. Nothing was run.", file=sys.stderr)
        return 0
    given.state.mkdir(parents=True, exist_ok=True, mode=0o700)
    check_folder(given.state)
    note = given.state / f"{hashlib.sha256(given.consent.upper().encode()).hexdigest()[:24]}.json"
    # Two runs on this machine share the nonce, and so would share the receipt.
    with open(note.with_suffix(".lock"), "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Refused(f"Another run for {given.consent} is under way on this machine.") from None
        begin(note, given.consent, action)
        receipt = consume(given.consent, action, note)
        write(note, {**read(note), "receipt": receipt, "state": "running", "command": command})
        return carry_out(given.consent, command, note)


def check_url(url: str) -> None:
    """A token is not sent in the open, where others on the way read it."""
    parts = urllib.parse.urlsplit(url)
    is_here = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if not parts.hostname or (parts.scheme != "https" and not (parts.scheme == "http" and is_here)):
        raise Refused(f"ROOMDESK_URL is {url!r}; it has to begin with https://.")


def check_folder(folder: Path) -> None:
    """Whoever else can write there could take away the note that a command has begun."""
    found = folder.stat()
    if found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise Refused(
            f"{folder} belongs to somebody else, or may be written by others; make it yours alone (chmod 700)."
        )


def read_action(text: str | None, command: list[str]) -> dict[str, object]:
    try:
        if text is None:
            return {"do": "run", "command": command}
        value = json.loads(Path(text[1:]).read_text("utf-8") if text.startswith("@") else text)
    except (OSError, ValueError) as error:
        raise Refused(f"The action cannot be read: {error}.") from error
    if not isinstance(value, dict):
        raise Refused("The action is a JSON object.")
    return value


def begin(note: Path, consent: str, action: dict[str, object]) -> None:
    """The nonce stands on disk before it is used: whoever dies in between repeats the same use, not another one (D45)."""
    if note.exists():
        check_again(note, consent, action)
        return
    nonce = secrets.token_hex(16)
    write(note, {"consent": consent, "nonce": nonce, "action_sha256": digest(action), "state": "asking"})


def check_again(note: Path, consent: str, action: dict[str, object]) -> None:
    """A run that was cut short goes on where it had not begun the command; whether a begun one was done, only people can say."""
    before = read(note)
    if before.get("state") != "asking":
        raise Refused(f"{consent} was used by this machine before ({note}); its command is {before.get('state')}.")
    if before.get("action_sha256") != digest(action):
        raise Refused(f"{consent} was asked for with another action before ({note}).")


def consume(consent: str, action: dict[str, object], note: Path) -> dict[str, object]:
    kept = read(note)
    try:
        answer = call(consent, "consume", {"action": action, "nonce": kept["nonce"]})
        return check_receipt(answer, consent, digest(action), str(kept["nonce"]))
    except Refused as reason:
        if getattr(reason, "is_final", False):
            # The desk has said no and used nothing: the next run asks anew.
            note.unlink()
        raise


def check_receipt(answer: object, consent: str, action_sha256: str, nonce: str) -> dict[str, object]:
    """The receipt, if the desk signed it for this consent, this action and this run."""
    if not isinstance(answer, dict) or not isinstance(answer.get("signed"), str):
        raise Refused("The desk's answer is no receipt.")
    if not is_signed(answer["signed"].encode(), str(answer.get("signature")), setting("ROOMDESK_KEY")):
        raise Refused("The receipt is not signed by the desk's key.")
    document = json.loads(answer["signed"])
    wanted = {
        "type": "roomdesk.consent.receipt.1",
        "consent": consent.upper(),
        "action_sha256": action_sha256,
        "nonce": nonce,
    }
    for name, value in wanted.items():
        if document.get(name) != value:
            raise Refused(f"The receipt's {name} is {document.get(name)!r}, not {value!r}.")
    if digest(document.get("action")) != action_sha256:
        raise Refused("The receipt's action is another one.")
    return answer


def carry_out(consent: str, command: list[str], note: Path) -> int:
    receipt = note.with_suffix(".receipt")
    write(receipt, read(note)["receipt"])
    environ = {name: value for name, value in os.environ.items() if not name.startswith("ROOMDESK_")}
    try:
        code = subprocess.run(command, env={**environ, "ROOMDESK_RECEIPT": str(receipt)}, check=False).returncode
        words = ""
    except OSError as error:
        code, words = NOT_STARTED, f"The command could not be started: {error.strerror}."
        print(f"roomdesk-guard: {words}", file=sys.stderr)
    state = "done" if code == 0 else "failed"
    write(note, {**read(note), "state": state, "code": code})
    try:
        call(consent, "result", {"result": state, "code": code, "words": words[:MOST_WORDS]})
    except Refused as reason:
        print(
            f"roomdesk-guard: the command ended with {code}, and that could not be reported: {reason}", file=sys.stderr
        )
    return code if code >= 0 else 128 - code


def call(consent: str, act: str, body: dict[str, object]) -> object:
    """One call, repeated while nobody answers. Raises Refused; `is_final` where the desk itself has refused."""
    url = f"{setting('ROOMDESK_URL').rstrip('/')}/api/v1/consents/{urllib.parse.quote(consent, safe='')}/{act}"
    headers = {"Authorization": f"Bearer {setting('ROOMDESK_TOKEN')}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method="POST")
    problem = ""
    for attempt in range(TRIES):
        time.sleep(2**attempt - 1)
        try:
            with opener().open(request, timeout=PATIENCE) as answer:
                return json.loads(answer.read(MOST_BYTES))
        except urllib.error.HTTPError as error:
            problem, is_the_desk = told(error)
            if error.code < 500 and error.code != 429:
                refusal = Refused(problem)
                # What stands between here and the desk may say no after the desk has said yes.
                refusal.is_final = is_the_desk  # type: ignore[attr-defined]
                raise refusal from error
        except (OSError, ValueError) as error:
            problem = f"The desk does not answer ({error})."
    raise Refused(problem)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *given: object) -> None:  # type: ignore[override]
        """A token is for one address."""
        return


def opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(_NoRedirect)


def told(error: urllib.error.HTTPError) -> tuple[str, bool]:
    """What a refusal says, and whether it is the desk's own (RFC 9457)."""
    try:
        document = json.loads(error.read(MOST_BYTES))
        reason = f" ({document['reason']})" if document.get("reason") else ""
        return f"{document['detail']}{reason}", True
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return f"The desk answered {error.code}.", False


def verify_file(given: argparse.Namespace) -> int:
    try:
        kept = json.loads(given.receipt.read_text("utf-8"))
        signed, signature = kept["signed"], kept["signature"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Refused(f"{given.receipt} is no receipt ({error}).") from error
    if not is_signed(signed.encode(), signature, setting("ROOMDESK_KEY")):
        raise Refused(f"{given.receipt} is not signed by this key.")
    print(json.dumps(json.loads(signed), indent=1, ensure_ascii=False))
    return 0


def read(path: Path) -> dict[str, object]:
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise Refused(f"{path} cannot be read ({error}); look at it, and remove it if no run is under way.") from error
    return value


def write(path: Path, value: object) -> None:
    """At once, and on disk before it goes on."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(json.dumps(value))
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)
    # Without this a power cut brings back the note from before, and what was begun would begin again.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def digest(value: object) -> str:
    """SHA-256 of the canonical JSON (RFC 8785, without fractions), as the desk compares it."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def canonical(value: object) -> str:
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{canonical(name)}:{canonical(value[name])}" for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, float) or (isinstance(value, int) and abs(value) >= 2**53):
        raise Refused(f"The action holds the number {value}; write it as text.")
    return json.dumps(value, ensure_ascii=False)


# --- Ed25519 (RFC 8032), verification only ---
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
Point = tuple


def is_signed(message: bytes, signature: str, public: str) -> bool:
    try:
        key, signed = bytes.fromhex(public), bytes.fromhex(signature)
    except ValueError:
        return False
    if len(key) != 32 or len(signed) != 64:
        return False
    a, r, s = point(key), point(signed[:32]), int.from_bytes(signed[32:], "little")
    if a is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signed[:32] + key + message).digest(), "little") % L
    return equal(times(s, BASE), add(r, times(h, a)))


def point(encoded: bytes) -> Point | None:
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    x = root_of((y * y - 1) * pow(D * y * y + 1, P - 2, P), sign) if y < P else None
    return None if x is None else (x, y, 1, x * y % P)


def root_of(square: int, sign: int) -> int | None:
    square %= P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    return P - x if x & 1 != sign else x


def add(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar: int, p: Point) -> Point:
    found: Point = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            found = add(found, p)
        p, scalar = add(p, p), scalar >> 1
    return found


def equal(p: Point, q: Point) -> bool:
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0


_Y = 4 * pow(5, P - 2, P) % P
_X = root_of((_Y * _Y - 1) * pow(D * _Y * _Y + 1, P - 2, P), 0) or 0
BASE: Point = (_X, _Y, 1, _X * _Y % P)

if __name__ == "__main__":
    sys.exit(main())
