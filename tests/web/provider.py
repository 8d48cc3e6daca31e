"""A small OpenID provider on loopback: checks what it is sent, signs real tokens, and errs when told to."""

import hmac
import json
import secrets
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID, SECRET = "radap", "a secret: with/strange+signs"
#: What the provider signs with; made once, for that takes a while.
KEY = RSAKey.generate_key(2048, {"kid": "one"})


@dataclass
class Asked:
    """What the browser was sent with, for one code."""

    redirect: str
    nonce: str
    challenge: str


@dataclass
class OpenIdProvider:
    """Whoever comes is signed in as ``email``. Everything else is what a test changes to see it refused."""

    clock: Callable[[], datetime]
    email: str = "coordinator@thungkhru.example"
    url: str = ""
    published: list[RSAKey] = field(default_factory=lambda: [KEY])
    claims: dict[str, Any] = field(default_factory=dict)  # over those of the token; None leaves one out
    userinfo: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    sign: Callable[[dict[str, Any]], str] | None = None
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)  # instead of what it would say there
    error: str = ""
    codes: dict[str, Asked] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)

    # -- what it says ----------------------------------------------------------------------------------------

    def described(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
            **self.metadata,
        }

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the browser goes back to."""
        assert asked["client_id"] == CLIENT_ID
        assert asked["response_type"] == "code"
        assert set(asked["scope"].split()) == {"openid", "email"}
        assert asked["code_challenge_method"] == "S256"
        if self.error:
            said = {"error": self.error, "state": asked["state"]}
        else:
            code = secrets.token_urlsafe()
            self.codes[code] = Asked(asked["redirect_uri"], asked["nonce"], asked["code_challenge"])
            said = {"code": code, "state": asked["state"], "iss": self.url}
        return f"{asked['redirect_uri']}?{urlencode(said)}"

    def token(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """The tokens for a code, once; ``None`` where anything about it is wrong."""
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = urlsafe_b64encode(sha256(form.get("code_verifier", "").encode()).digest())
        client = b64decode(authorization.removeprefix("Basic ")).decode().split(":")
        known = [unquote_plus(part) for part in client] == [CLIENT_ID, SECRET] or form.get(
            "client_secret"
        ) == SECRET
        if (
            asked is None
            or not known
            or form.get("redirect_uri") != asked.redirect
            or challenge.rstrip(b"=").decode() != asked.challenge
        ):
            return None
        now = int(self.clock().timestamp())
        claims = {
            "iss": self.url,
            "sub": "person-7",
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": asked.nonce,
            "email": self.email,
            "email_verified": True,
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        sign = self.sign or (lambda said: jwt.encode({"alg": "RS256", "kid": "one"}, said, KEY))
        return {"access_token": "for userinfo", "token_type": "Bearer", "id_token": sign(claims)}

    def keys(self) -> dict[str, Any]:
        return {"keys": [key.as_dict(private=False) for key in self.published]}


def unsigned(claims: dict[str, Any]) -> str:
    """A token that says of itself that nobody signed it."""
    return f"{_part({'alg': 'none'})}.{_part(claims)}."


def signed_by(key: RSAKey, kid: str = "one") -> Callable[[dict[str, Any]], str]:
    return lambda claims: jwt.encode({"alg": "RS256", "kid": kid}, claims, key)


def signed_with_the_public_key(claims: dict[str, Any]) -> str:
    """A token signed by HMAC with what everybody knows: the classic confusion."""
    said = f"{_part({'alg': 'HS256', 'kid': 'one'})}.{_part(claims)}"
    return f"{said}.{_encoded(hmac.digest(KEY.as_pem(private=False), said.encode(), 'sha256'))}"


def _part(value: dict[str, Any]) -> str:
    return _encoded(json.dumps(value).encode())


def _encoded(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


@contextmanager
def served(provider: OpenIdProvider) -> Iterator[None]:
    """The provider, listening on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            match parts.path:
                case "/authorize":
                    self.send_response(302)
                    self.send_header("Location", provider.authorize(asked))
                    self.end_headers()
                    return
                case "/.well-known/openid-configuration":
                    said: Any = provider.described()
                case "/keys":
                    said = provider.keys()
                case "/userinfo":
                    assert self.headers["Authorization"] == "Bearer for userinfo"
                    said = {"sub": "person-7", **provider.userinfo}
                case _:
                    said = None
            self._say(said)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._say(provider.token(form, self.headers.get("Authorization", "")), wrong=400)

        def _say(self, said: Any, wrong: int = 404) -> None:
            path = urlsplit(self.path).path
            provider.requests.append(path)
            status, body = 200 if said is not None else wrong, json.dumps(said or {"error": "no"}).encode()
            status, body = provider.answers.get(path, (status, body))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", body.decode())
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing is said of requests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
