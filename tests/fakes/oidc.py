"""An OpenID Connect provider as the specifications describe one (Core 1.0, Discovery 1.0, RFC 6749, RFC 7636): it checks what it is sent.

Whoever comes to its page is `person`, unless they are asked anew, then `person_now`. `change` makes its tokens wrong.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "desk", "a secret: of the desk"
Answer = tuple[int, dict[str, str], bytes]


def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Provider:
    """`signed_in_at`: when the person signed in there, in seconds; asked with `max_age=0` they do so now, unless it `ignores_max_age`."""

    issuer: str = ""
    redirect_uri: str = ""
    person: dict[str, Any] = field(default_factory=dict)
    person_now: dict[str, Any] | None = None
    userinfo: dict[str, Any] | None = None
    signed_in_at: float = 0
    ignores_max_age: bool = False
    declines: bool = False
    is_public: bool = False
    methods: list[str] = field(default_factory=lambda: ["client_secret_basic", "client_secret_post"])
    change: Callable[[dict[str, Any]], Any] = lambda claims: claims
    encode: Callable[[Provider, dict[str, Any]], str] | None = None
    now: Callable[[], float] = time.time
    key: rsa.RSAPrivateKey = field(default_factory=_key)
    kid: str = "k1"
    asked: list[dict[str, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    exchanges: int = 0
    reads: int = 0
    _codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    _tokens: dict[str, dict[str, Any]] = field(default_factory=dict)

    def discovery(self) -> dict[str, Any]:
        self.reads += 1
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            **({"userinfo_endpoint": f"{self.issuer}/userinfo"} if self.userinfo is not None else {}),
            "token_endpoint_auth_methods_supported": self.methods,
        }

    def keys(self) -> dict[str, Any]:
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": self.kid, "alg": "RS256", "use": "sig"}]}

    def authorize(self, query: str) -> Answer:
        """The page where people sign in; they have done so at once."""
        said = dict(parse_qsl(query, strict_parsing=True))
        self.asked.append(said)
        if fault := self._fault(said):
            self.refused.append(fault)
            return 400, {}, fault.encode()
        if self.declines:
            return self._back(said, {"error": "access_denied"})
        is_anew = said.get("max_age") == "0" and said.get("prompt") == "login" and not self.ignores_max_age
        code = secrets.token_urlsafe(16)
        person = self.person_now if is_anew and self.person_now else self.person
        self._codes[code] = {**said, "person": person, "at": self.now() if is_anew else self.signed_in_at}
        return self._back(said, {"code": code, "iss": self.issuer})

    def _fault(self, said: dict[str, str]) -> str:
        wanted = {
            "response_type": "code",
            "client_id": CLIENT,
            "redirect_uri": self.redirect_uri,
            "code_challenge_method": "S256",
        }
        wrong = [name for name, value in wanted.items() if said.get(name) != value]
        wrong += [name for name in ("state", "nonce", "code_challenge") if len(said.get(name, "")) < 22]
        wrong += ["scope"] if "openid" not in said.get("scope", "").split() else []
        return f"wrong: {', '.join(wrong)}" if wrong else ""

    def _back(self, said: dict[str, str], more: dict[str, str]) -> Answer:
        return 302, {"Location": f"{said['redirect_uri']}?{urlencode({'state': said['state'], **more})}"}, b""

    def token(self, headers: dict[str, str], body: str) -> Answer:
        self.exchanges += 1
        form = {name: values[0] for name, values in parse_qs(body).items()}
        known = self._codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if not self._is_client(headers, form):
            return self._no("invalid_client", 401)
        if known is None or form.get("grant_type") != "authorization_code":
            return self._no("invalid_grant")
        if challenge.rstrip(b"=").decode() != known["code_challenge"] or form["redirect_uri"] != known["redirect_uri"]:
            return self._no("invalid_grant")
        access = secrets.token_urlsafe(16)
        self._tokens[access] = known["person"]
        tokens = {"access_token": access, "token_type": "Bearer", "id_token": self._id_token(known)}
        return 200, {}, json.dumps(tokens).encode()

    def _is_client(self, headers: dict[str, str], form: dict[str, str]) -> bool:
        if self.is_public:
            return form.get("client_id") == CLIENT and "authorization" not in headers and "client_secret" not in form
        if "authorization" in headers and "client_secret_basic" in self.methods:
            pair = base64.b64decode(headers["authorization"].removeprefix("Basic ")).decode().split(":")
            return [unquote(one) for one in pair] == [CLIENT, SECRET]
        return "client_secret_post" in self.methods and (form.get("client_id"), form.get("client_secret")) == (
            CLIENT,
            SECRET,
        )

    def _no(self, error: str, status: int = 400) -> Answer:
        self.refused.append(error)
        return status, {}, json.dumps({"error": error}).encode()

    def _id_token(self, known: dict[str, Any]) -> str:
        at = self.now()
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "exp": int(at + 300),
            "iat": int(at),
            "auth_time": int(known["at"]),
            "nonce": known["nonce"],
            **known["person"],
        }
        changed = self.change(claims)
        if self.encode:
            return self.encode(self, changed)
        return jwt.encode(changed, self.key, algorithm="RS256", headers={"kid": self.kid})

    def answer(self, method: str, target: str, headers: dict[str, str], body: str) -> Answer:
        place = urlsplit(target)
        if method == "POST":
            return self.token(headers, body) if place.path == "/token" else (404, {}, b"")
        if place.path == "/authorize":
            return self.authorize(place.query)
        if place.path == "/userinfo":
            person = self._tokens.get(headers.get("authorization", "").removeprefix("Bearer "))
            return self._no("invalid_token", 401) if person is None else _json({**person, **(self.userinfo or {})})
        pages = {"/.well-known/openid-configuration": self.discovery, "/keys": self.keys}
        return _json(pages[place.path]()) if place.path in pages else (404, {}, b"")


def _json(value: Any) -> Answer:
    return 200, {}, json.dumps(value).encode()


@contextmanager
def provider(redirect_uri: str) -> Iterator[Provider]:
    """Runs one on this machine that sends people back to `redirect_uri` alone."""
    found = Provider(redirect_uri=redirect_uri)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("content-length", 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, more, body = found.answer(self.command, self.path, headers, self.rfile.read(length).decode())
            self.send_response(status)
            for name, value in {"content-type": "application/json", "content-length": str(len(body)), **more}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *args: Any) -> None:
            """Nothing is printed."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        found.issuer = f"http://127.0.0.1:{server.server_address[1]}"
        yield found
        server.shutdown()
        thread.join()
