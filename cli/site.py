"""The pages of a house put together: what a server shows, and what its worker makes for them."""

import time

from cli import bootstrap
from cli.bootstrap import House
from cli.changing import Changing
from cli.mail_settings import reach_of
from cli.sign_in_settings import openid_of
from storage.passwords import Passwords
from web.site import Site


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
