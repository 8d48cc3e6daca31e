"""Another house where people sign in, by OpenID Connect: asked, and not believed without proof.

The protocol is Authlib's, which is an extra and so is imported where it is used; what is fetched goes through
this module alone: never from elsewhere than the house itself, never without end.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from http.client import HTTPException as HttpFault
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote_plus, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from engine.errors import refuse
from web.hosts import is_loopback
from web.site import OpenId

#: Signed with a key of which the public half is enough: whoever can read it cannot sign.
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
#: What the house says of itself is asked for again after this, and its keys earlier where one is not known.
_KNOWN_FOR, _KEYS_KNOWN_FOR = timedelta(hours=1), timedelta(minutes=1)
_SECONDS, _MOST_BYTES = 10, 1024 * 1024
#: So far two clocks may lie apart.
_LEEWAY_SECONDS = 60
_SCOPE = "openid email"


class _NoRedirect(HTTPRedirectHandler):
    """What a house answers it answers itself."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Provider:
    """The other house; shared by threads, of which two may fetch the same at once.

    Refused, with the name of the house: ``openid.unreachable``, ``openid.not_trusted`` for an answer that
    does not prove what it says, ``openid.not_verified`` for a person whose address it has not verified.
    """

    def __init__(self, terms: OpenId, clock: Callable[[], datetime]) -> None:
        self._terms = terms
        self._clock = clock
        # No proxy of the environment: what is inside the house is reached from inside.
        self._opener = build_opener(ProxyHandler({}), _NoRedirect)
        self._metadata: tuple[datetime, Mapping[str, Any]] | None = None
        self._keys: tuple[datetime, Mapping[str, Any]] | None = None

    def address(self, redirect: str, state: str, nonce: str, verifier: str) -> str:
        """Where the browser is sent to sign in."""
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # noqa: PLC0415 - an extra
        from authlib.oauth2.rfc7636 import create_s256_code_challenge  # noqa: PLC0415 - an extra

        return str(
            prepare_grant_uri(
                self._endpoint("authorization_endpoint"),
                self._terms.client_id,
                "code",
                redirect_uri=redirect,
                scope=_SCOPE,
                state=state,
                nonce=nonce,
                code_challenge=create_s256_code_challenge(verifier),
                code_challenge_method="S256",
            )
        )

    def email(self, code: str, redirect: str, nonce: str, verifier: str) -> str:
        """The verified address of whoever has signed in there, and came back with that code."""
        given = self._tokens(code, redirect, verifier)
        claims = self._claims(given, nonce)
        if "email" not in claims:
            claims = {**claims, **self._userinfo(given, claims["sub"])}
        email = claims.get("email")
        if claims.get("email_verified") is not True or not isinstance(email, str) or not email.strip():
            raise refuse("openid.not_verified", name=self._terms.name)
        return email

    def _tokens(self, code: str, redirect: str, verifier: str) -> Mapping[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect,
            "code_verifier": verifier,
            "client_id": self._terms.client_id,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        secret = self._terms.client_secret
        methods = self._described().get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if secret and "client_secret_basic" in methods:
            headers["Authorization"] = f"Basic {_basic(self._terms.client_id, secret)}"
        elif secret:
            form["client_secret"] = secret
        return self._fetch(self._endpoint("token_endpoint"), headers, urlencode(form).encode())

    def _claims(self, given: Mapping[str, Any], nonce: str) -> Mapping[str, Any]:
        """What the token says, once its signature and its terms hold."""
        from authlib.oidc.core import CodeIDToken  # noqa: PLC0415 - an extra
        from joserfc import jwt  # noqa: PLC0415 - an extra
        from joserfc.errors import InvalidKeyIdError, JoseError  # noqa: PLC0415 - an extra
        from joserfc.jwk import KeySet  # noqa: PLC0415 - an extra

        def decoded(*, again: bool) -> Any:
            keys: Any = self._keys_there(again=again)
            return jwt.decode(given["id_token"], KeySet.import_key_set(keys), algorithms=_ALGORITHMS)

        try:
            try:
                token = decoded(again=False)
            except InvalidKeyIdError:
                token = decoded(again=True)
            options: Any = {
                "iss": {"essential": True, "value": self._terms.issuer},
                "aud": {"essential": True, "value": self._terms.client_id},
            }
            params = {
                "nonce": nonce,
                "client_id": self._terms.client_id,
                "access_token": given.get("access_token"),
            }
            claims = CodeIDToken(token.claims, token.header, options, params)
            claims.validate(int(self._clock().timestamp()), _LEEWAY_SECONDS)
        except (JoseError, ValueError, TypeError, KeyError) as fault:
            raise refuse("openid.not_trusted", name=self._terms.name) from fault
        return dict(claims)

    def _userinfo(self, given: Mapping[str, Any], subject: str) -> Mapping[str, Any]:
        """What it says of the person besides, where the token does not say it; of that person only."""
        if "userinfo_endpoint" not in self._described():
            return {}
        headers = {"Authorization": f"Bearer {given.get('access_token', '')}"}
        said = self._fetch(self._endpoint("userinfo_endpoint"), headers)
        if said.get("sub") != subject:
            raise refuse("openid.not_trusted", name=self._terms.name)
        return {name: said[name] for name in ("email", "email_verified") if name in said}

    # -- what the house says of itself --------------------------------------------------------------------

    def _described(self) -> Mapping[str, Any]:
        now = self._clock()
        known = self._metadata
        if known is None or now - known[0] > _KNOWN_FOR:
            issuer = self._terms.issuer
            said = self._fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            if said.get("issuer") != issuer:
                raise refuse("openid.not_trusted", name=self._terms.name)
            self._metadata = known = now, said
        return known[1]

    def _endpoint(self, name: str) -> str:
        address = self._described().get(name)
        if not isinstance(address, str) or not _is_safe(address):
            raise refuse("openid.not_trusted", name=self._terms.name)
        return address

    def _keys_there(self, *, again: bool) -> Mapping[str, Any]:
        address, now = self._endpoint("jwks_uri"), self._clock()
        known, known_for = self._keys, _KEYS_KNOWN_FOR if again else _KNOWN_FOR
        if known is None or now - known[0] > known_for:
            self._keys = known = now, self._fetch(address)
        return known[1]

    def _fetch(
        self, address: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Mapping[str, Any]:
        """The JSON object that stands there."""
        asked = Request(address, body, {"Accept": "application/json", **(headers or {})})  # noqa: S310 - see _is_safe
        try:
            with self._opener.open(asked, timeout=_SECONDS) as answer:
                said = answer.read(_MOST_BYTES + 1)
        except HTTPError as fault:
            with fault:
                # It was there, and said no: a code that was used, a client that it does not know.
                kind = "openid.unreachable" if fault.code >= 500 else "openid.not_trusted"
            raise refuse(kind, name=self._terms.name) from None
        except (OSError, HttpFault, ValueError) as fault:
            raise refuse("openid.unreachable", name=self._terms.name) from fault
        try:
            found = json.loads(said) if len(said) <= _MOST_BYTES else None
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise refuse("openid.not_trusted", name=self._terms.name)
        return found


def _is_safe(address: str) -> bool:
    """Whether what is sent there stays between the two houses."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))


def _basic(client: str, secret: str) -> str:
    """Who we are, as RFC 6749 has it: each half encoded as in a form."""
    return b64encode(f"{quote_plus(client)}:{quote_plus(secret)}".encode()).decode()
