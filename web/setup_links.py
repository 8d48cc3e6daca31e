"""A link with which somebody sets a password, made by who manages people, and told once."""

import secrets
from datetime import datetime
from typing import NamedTuple

from engine.signing_in import SETUP_LASTS
from notifications import password_links
from notifications.password_links import PasswordLink
from storage import quiets
from storage.accounts import StoredAccounts
from storage.sessions import Client
from storage.store import Store


class SetupLink(NamedTuple):
    """Its address, and until when it works."""

    url: str
    until: datetime


def make(
    store: Store, accounts: StoredAccounts, base_url: str, person: int, client: Client, now: datetime, by: int
) -> SetupLink:
    """A new link for the person; one that was made before sets no password any more."""
    until = (now + SETUP_LASTS).replace(microsecond=0)
    with store.read() as tx:
        secret = quiets.link_secret(tx.connection)
    token = password_links.make(secret, PasswordLink(person, until), secrets.token_urlsafe())
    accounts.keep_link(person, password_links.fingerprint(token), until, client, now, by=by)
    return SetupLink(base_url.rstrip("/") + password_links.path_of(token), until)
