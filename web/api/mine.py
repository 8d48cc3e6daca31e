"""What programs read of whoever they work for: who that is, and what is theirs to do next."""

from collections.abc import Iterator

from engine.desk import tasks_of
from storage.deadlines import read_deadlines
from storage.desk import desk_of
from storage.registry import these_agencies
from web.api import bodies, shapes
from web.api.operation import Call, Operation
from web.api.shapes import office
from web.doors import SIGNED_IN, agencies_of
from web.site import Site


def operations(site: Site) -> Iterator[Operation]:
    """``/me`` and what lies below it."""
    here = _Mine(site)
    yield Operation(
        "get_me",
        "GET",
        "/me",
        SIGNED_IN,
        "Who you are here, and what this token is for.",
        reads=here.me,
        gives=office.Me,
    )
    yield Operation(
        "get_my_work",
        "GET",
        "/me/work",
        SIGNED_IN,
        "What is yours to do next, what waits for others, what is planned.",
        reads=here.work,
        asks=bodies.WorkAsked,
        gives=office.Work,
    )


class _Mine:
    def __init__(self, site: Site) -> None:
        self._site = site

    def me(self, call: Call) -> office.Me:
        bearer = call.bearer
        return office.Me(
            id=bearer.person.id,
            name=bearer.person.name,
            email=bearer.email,
            language=bearer.language,
            roles=[office.Grant.model_validate(one) for one in bearer.person.grants],
            scopes=sorted(bearer.scopes),
        )

    def work(self, call: Call) -> office.Work:
        """The desk of the agency asked for, else of the first that they serve, as on their page."""
        site, person = self._site, call.by
        own = agencies_of(person)
        asked: bodies.WorkAsked = call.asked
        agency = asked.agency if asked.agency in own else next(iter(own), None)
        today, policy = site.today(), site.store.policy
        with site.store.read() as tx:
            deadlines = read_deadlines(tx.connection, policy, site.reminders.review_days)
            owing, heads = desk_of(tx.connection, site.store.workflow, deadlines, person, agency, today)
            agencies = these_agencies(tx.connection, own)
        tasks = tasks_of(person, owing, site.reminders, policy.calendar, today)
        return office.Work(
            agency=agency,
            agencies=[shapes.agency(one) for one in agencies],
            items=[
                office.Task.model_validate(
                    {
                        **one._asdict(),
                        "fiscal_year": heads[one.indicator].fiscal_year,
                        "code": heads[one.indicator].code,
                        "title": heads[one.indicator].title_of(one.key),
                    }
                )
                for one in tasks
            ],
        )
