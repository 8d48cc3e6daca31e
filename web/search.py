"""Search: the texts in which words stand, by the indicator they belong to, for whoever may see that."""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from engine.errors import Refusal
from engine.quarter import Quarter
from engine.searching import Piece, marked, passages, words_of
from engine.wording import Wording
from storage.search import Hit, find
from storage.search_index import Kind
from web.coordinator.scene import path_of
from web.doors import SIGNED_IN, Doors, Visit
from web.pages import Pages
from web.reading import plain, whole_number
from web.site import Site

#: So many texts stand on a page.
_SHOWN = 20


class Found(NamedTuple):
    """A text in which the words stand: where it is, and the words in it."""

    where: str
    href: str
    pieces: list[Piece]
    holds: bool


class Group(NamedTuple):
    """An indicator with what was found of it; its title and code have the words apart as well."""

    href: str
    title: list[Piece]
    code: list[Piece]
    about: str
    texts: list[Found]


def routes(site: Site, pages: Pages, doors: Doors) -> Router:
    """``/search``."""
    router = Router()

    def search(request: Request) -> Response:
        """What was found, the newest year first, or why nothing was."""
        visit: Visit = request.state.visit
        wording = pages.wording(request)
        asked = " ".join(plain(request.query_params.get("q", "")).split())
        before = whole_number(request.query_params.get("before", ""), 19)
        try:
            words = words_of(asked)
        except Refusal as refused:
            return show(request, asked, errors={"q": wording.refusal(refused)}, status=422)
        hits: list[Hit] = []
        if words:
            with site.store.read() as tx:
                of = (tx.connection, site.store.workflow, visit.person, words)
                hits = find(*of, most=_SHOWN + 1, before=before)
        more = len(hits) > _SHOWN
        hits = hits[:_SHOWN]
        return show(
            request,
            asked,
            groups=_groups(hits, words, wording, site.root),
            count=len(hits),
            is_first=before is None,
            further=f"{site.root}/search?{urlencode({'q': asked, 'before': hits[-1].place})}" if more else "",
        )

    def show(request: Request, asked: str, *, status: int = 200, **values: object) -> Response:
        title = pages.wording(request).say("page.search")
        blank = {"groups": [], "count": 0, "is_first": True, "further": "", "current": "search"}
        named = {"title": title, "asked": asked, "fields": {"q": asked}}
        return pages.show(request, "search.html", {**blank, **named, **values}, status)

    doors.add(router, "/search", search, SIGNED_IN)
    return router


def _groups(hits: Sequence[Hit], words: Sequence[str], wording: Wording, root: str) -> list[Group]:
    return [
        _group(list(those), words, wording, root)
        for _, those in groupby(hits, key=lambda one: (one.fiscal_year, one.code))
    ]


def _group(hits: list[Hit], words: Sequence[str], wording: Wording, root: str) -> Group:
    first = hits[0]
    title, code = marked(wording.value(first.title), words), marked(first.code, words)
    is_told = any(piece.found for piece in (*title, *code))
    base = root + path_of(first.fiscal_year.be, first.code)
    return Group(
        base,
        title,
        code,
        f"{wording.value(first.fiscal_year)} · {wording.value(first.agency)}",
        [
            _found(one, words, wording, base)
            for one in hits
            # A title in the other language is told below its own.
            if one.kind is not Kind.INDICATOR or not is_told
        ],
    )


def _found(hit: Hit, words: Sequence[str], wording: Wording, base: str) -> Found:
    definition = hit.workflow.milestone(hit.milestone) if hit.milestone else None
    title = definition.title if definition else hit.milestone
    match hit.kind:
        case Kind.REPORT:
            where = wording.say("search.in_report", quarter=Quarter(hit.fiscal_year.year, hit.number))
            href = f"{base}/quarters/{hit.number}"
        case Kind.FACT:
            where = wording.say("search.in_fact", milestone=title)
            href = f"{base}/milestones/{hit.milestone}#fact-{hit.number}"
        case Kind.EVIDENCE:
            where = wording.say("search.in_evidence", milestone=title)
            href = f"{base}/milestones/{hit.milestone}#evidence"
        case Kind.INDICATOR:
            where, href = wording.say("search.in_title"), base
    return Found(where, href, passages(hit.said, words), hit.holds)
