"""What the rooms of this folder share: how their pages are shown, and how something is done at them."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from engine.errors import Refusal
from engine.permissions import Person
from engine.wording import Wording
from storage.accounts import StoredAccounts
from storage.transaction import Tx
from web.pages import Pages
from web.reading import Typed, whole_number
from web.site import Site

#: So many rows stand on a page of a list.
ROWS = 50
#: What a page may say was done before it was opened.
_DONE = frozenset(
    {
        "role_given",
        "role_taken",
        "sessions_ended",
        "tokens_revoked",
        "factor_removed",
        "away",
        "back",
        "reachable",
        "agency_added",
        "extended",
        "campaign_written",
        "message_retry",
        "message_hold",
        "message_release",
        "endpoint_pause",
        "endpoint_resume",
        "endpoint_remove",
        "endpoint_test",
        "endpoint_repeat",
        "job_cancel",
        "job_retry",
        "setting_changed",
        "setting_back",
    }
)


class Counter:
    """The site, its pages, and the accounts of its people."""

    def __init__(self, site: Site, pages: Pages, accounts: StoredAccounts) -> None:
        self.site = site
        self.accounts = accounts
        self._pages = pages

    def wording(self, request: Request) -> Wording:
        return self._pages.wording(request)

    def show(
        self,
        request: Request,
        template: str,
        title: str,
        values: Mapping[str, Any],
        typed: Typed | None = None,
    ) -> Response:
        """The page; what was typed and what is wrong with it stand beside each other."""
        wording = self.wording(request)
        errors = typed.errors(wording) if typed else {}
        done = request.query_params.get("done", "")
        shown = {
            "current": "administration",
            "base": f"{self.site.root}/administration",
            "title": title,
            "done": [wording.say(f"admin.done_{done}")] if done in _DONE else [],
            "errors": errors,
            "fields": typed.fields if typed else {},
            "wrong_form": bool(errors),
            **values,
        }
        return self._pages.show(request, f"administrator/{template}.html", shown, 422 if errors else 200)

    def act(self, typed: Typed, do: Callable[[Tx], None], at: str = "") -> bool:
        """Do it in one transaction; ``False``, and nothing, where the form is at fault or it is refused.

        A refusal stands at that field.
        """
        if typed.faults:
            return False
        try:
            with self.site.store.begin() as tx:
                do(tx)
        except Refusal as refused:
            typed.fault(at, *refused.conditions)
        return not typed.faults

    def to(self, path: str, done: str = "") -> Response:
        """On to another page, which says what was done."""
        query = f"?{urlencode({'done': done})}" if done else ""
        return RedirectResponse(f"{self.site.root}/administration{path}{query}", 303)


def number_of(given: str) -> int:
    """The number in a path; what is none leads nowhere."""
    number = whole_number(given, 9)
    if number is None:
        raise HTTPException(404)
    return number


def after_of(request: Request) -> int | None:
    """Behind which row of a list the page begins."""
    return whole_number(request.query_params.get("after", ""), 9)


def by_of(request: Request) -> Person:
    """Whoever acts."""
    person: Person = request.state.visit.person
    return person
