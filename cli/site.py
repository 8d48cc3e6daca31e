"""The pages of a house put together: what a server shows, and what its worker makes for them."""

import time

from cli import bootstrap
from cli.bootstrap import House
from cli.changing import Changing
from cli.channels import reach_of
from cli.sign_in_settings import SignInSection
from engine.errors import refuse
from storage.passwords import Passwords
from web.site import OpenId, Site


def site_of(house: House) -> Site:
    """What the pages of a house are made from."""
    changing = Changing(house, time.monotonic)
    changing.follow(at_once=True)
    settings, zone = house.settings, house.policy.zone
    return Site(
        store=house.store,
        evidence=house.evidence,
        scanner=house.scanner,
        passwords=Passwords(),
        reminders=house.reminders,
        wordings={one: bootstrap.wording(one, zone) for one in bootstrap.LANGUAGES},
        clock=house.clock,
        house=settings.mail.sender_name,
        base_url=settings.web.base_url,
        language=settings.language.default,
        openid=openid_of(settings.sign_in),
        public=settings.public.enabled,
        reach=reach_of(settings.endpoints),
        settings=changing,
        licence=settings.public.licence,
    )


def openid_of(sign_in: SignInSection) -> OpenId | None:
    """The other house where people may sign in; ``None`` where there is none.

    Refused (``openid.not_installed``) without the extra that it needs.
    """
    given = sign_in.oidc
    if not given.issuer:
        return None
    try:
        import authlib  # noqa: F401, PLC0415 - an extra
    except ModuleNotFoundError:
        raise refuse("openid.not_installed") from None
    return OpenId(given.issuer, given.client_id, given.client_secret, given.name, given.only)
