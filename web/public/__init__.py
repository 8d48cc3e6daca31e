"""What the public may see, where the house shows it: sealed results, and of nobody by name.

Nothing here depends on who looks, so that it may be kept by whoever stands between: each answer has a tag
made of the seal behind it and of what was corrected since.
"""

import json
from collections import Counter
from collections.abc import Mapping
from hashlib import sha256
from threading import Lock
from unicodedata import category
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Router

from engine.quarter import BE_OFFSET, FiscalYear, Quarter
from storage import published
from storage.published import Corrected, Result, Seal
from storage.transaction import Tx
from web.doors import PUBLIC, Doors
from web.pages import ENVIRONMENT, Pages
from web.public.columns import COLUMNS
from web.public.downloads import FILES, file_name
from web.public.record import MEDIA_TYPE, Addresses, Publisher, catalogue, content_of
from web.ranges import names_tag
from web.reading import whole_number
from web.site import Site

#: Looked after again each time; for files and badges after so many seconds.
_PAGE_KEPT = "no-cache"
_FILE_KEPT = "public, max-age=300"
#: Pages of others may read what is for programs.
_FOR_ALL = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
#: No code of an indicator is longer.
_CODE = 64
#: How wide a letter of a badge is taken to be, and the space around a word.
_LETTER, _AROUND = 7.4, 12


def routes(site: Site, pages: Pages, doors: Doors) -> Router:
    """Everything under ``/public``."""
    router = Router()
    here = _Public(site, pages)
    for path, answer in (
        ("/public", here.newest),
        ("/public/dictionary", here.dictionary),
        ("/public/catalog.jsonld", here.record),
        ("/public/badge/{year}/{code}.svg", here.badge),
        ("/public/{year}/{quarter}", here.quarter),
        ("/public/{year}/{quarter}/results.{kind}", here.download),
        ("/public/{year}/{quarter}/agencies/{agency}", here.agency),
    ):
        doors.add(router, path, answer, PUBLIC)
    return router


class _Public:
    def __init__(self, site: Site, pages: Pages) -> None:
        self._site = site
        self._pages = pages
        # Every file is written through for its hash: once while nothing changes, and never twice at once.
        self._recorded = ("", "")
        self._recording = Lock()

    def newest(self, request: Request) -> Response:
        """The last sealed quarter, or that there is none yet."""
        with self._site.store.read() as tx:
            seals = published.sealed_quarters(tx.connection)
            return self._quarter(request, tx, seals, seals[0] if seals else None)

    def quarter(self, request: Request) -> Response:
        """A sealed quarter, agency by agency."""
        with self._site.store.read() as tx:
            seals = published.sealed_quarters(tx.connection)
            return self._quarter(request, tx, seals, self._seal(request, seals))

    def _quarter(self, request: Request, tx: Tx, seals: list[Seal], seal: Seal | None) -> Response:
        wording = self._pages.wording(request)
        agencies = published.by_agency(tx.connection, self._site.store.workflow, seal.quarter) if seal else []
        since = published.corrected_since(tx.connection, seal.quarter) if seal else []
        corrected = Counter(one.agency for one in since)
        values = {
            "title": wording.say("public.title"),
            "seals": [_named(one, seal, wording.value(one.quarter)) for one in seals],
            "agencies": [
                {
                    "path": f"agencies/{one.agency}",
                    "name": wording.value(one.name),
                    "indicators": one.indicators,
                    "at_top": one.at_top,
                    "share": f"{100 * one.at_top / one.indicators:.0f}",
                    "corrected": corrected[one.agency],
                }
                for one in agencies
            ],
            "corrected": since,
            **self._of(seal),
        }
        tag = _tag(tx, *(one.hash for one in seals), seal.hash if seal else "", repr(since))
        return self._page(request, "quarter.html", values, tag)

    def agency(self, request: Request) -> Response:
        """The indicators of an agency in a sealed quarter."""
        wording, store = self._pages.wording(request), self._site.store
        number = whole_number(request.path_params["agency"], 9)
        with store.read() as tx:
            seal = self._seal(request, published.sealed_quarters(tx.connection))
            found = published.of_agency(tx.connection, store.workflow, seal.quarter, number or 0)
            tag = _tag(tx, seal.hash, repr([one.corrected for one in found]))
        if not found:
            raise HTTPException(404)
        year = FiscalYear(seal.quarter.fiscal_year).be
        values = {
            "title": wording.value(found[0].agency_name),
            "results": [
                {
                    "code": one.code,
                    "title": wording.value(one.title),
                    "verified": one.verified,
                    "claimed": one.claimed,
                    "top": one.top,
                    "corrected": one.corrected,
                    "badge": f"{self._site.root}/public/badge/{year}/{quote(one.code, safe='')}.svg",
                }
                for one in found
            ],
            **self._of(seal),
        }
        return self._page(request, "agency.html", values, tag)

    def dictionary(self, request: Request) -> Response:
        """What every column of the files means."""
        wording = self._pages.wording(request)
        others = [one for one in self._site.wordings.values() if one.language != wording.language]
        values = {
            "title": wording.say("public.dictionary"),
            "columns": COLUMNS,
            "in_others": [(one.language, one.say) for one in others],
        }
        return self._page(request, "dictionary.html", values, _hashed("dictionary"))

    def download(self, request: Request) -> Response:
        """All results of a sealed quarter as a file."""
        kind = request.path_params["kind"]
        if kind not in FILES:
            raise HTTPException(404)
        with self._site.store.read() as tx:
            seal = self._seal(request, published.sealed_quarters(tx.connection))
            tag = _tag(tx, seal.hash, repr(published.corrected_since(tx.connection, seal.quarter)))
        media_type, write = FILES[kind]
        name = file_name(seal, kind)
        headers = {
            **_kept(tag, _FILE_KEPT),
            "Content-Disposition": f'attachment; filename="{name}"',
            **_FOR_ALL,
        }
        if names_tag(request.headers.get("if-none-match", ""), tag):
            return Response(status_code=304, headers=headers)
        if request.method == "HEAD":
            return Response(headers=headers, media_type=media_type)
        return StreamingResponse(write(self._site.store, seal), media_type=media_type, headers=headers)

    def record(self, request: Request) -> Response:
        """What catalogues of open data read of all these files: one record (DCAT), in every language."""
        with self._site.store.read() as tx:
            seals = published.sealed_quarters(tx.connection)
            since = published.corrected_since(tx.connection)
            tag = _tag(tx, *(one.hash for one in seals), repr(since))
        headers = {**_kept(tag, _FILE_KEPT), **_FOR_ALL}
        if names_tag(request.headers.get("if-none-match", ""), tag):
            return Response(status_code=304, headers=headers)
        with self._recording:
            if self._recorded[0] != tag:
                self._recorded = (tag, self._catalogue(seals, since))
        return Response(self._recorded[1], media_type=MEDIA_TYPE, headers=headers)

    def _catalogue(self, seals: list[Seal], since: list[Corrected]) -> str:
        home = f"{self._site.base_url.rstrip('/')}/public"
        addresses = Addresses(
            f"{home}/catalog.jsonld",
            lambda seal: f"{home}/{_path(seal)}",
            f"{home}/dictionary",
            lambda seal, kind: f"{home}/{_path(seal)}/results.{kind}",
        )
        store, publisher = self._site.store, publisher_of(self._site)
        wordings = [self._site.wordings[one] for one in sorted(self._site.wordings, reverse=True)]
        found = catalogue(
            seals, since, publisher, addresses, wordings, lambda seal, kind: content_of(store, seal, kind)
        )
        return json.dumps(found, ensure_ascii=False)

    def badge(self, request: Request) -> Response:
        """A picture of the level at which an indicator was sealed, in the last sealed quarter of a year."""
        year, code = whole_number(request.path_params["year"], 4), request.path_params["code"]
        if year is None or not code.isprintable() or len(code) > _CODE:
            raise HTTPException(404)
        with self._site.store.read() as tx:
            found = published.newest_of(tx.connection, self._site.store.workflow, year - BE_OFFSET, code)
        if found is None:
            raise HTTPException(404)
        answer = self._badge(request, *found)
        kept = _kept(_hashed(bytes(answer.body).decode()), _FILE_KEPT)
        if names_tag(request.headers.get("if-none-match", ""), kept["ETag"]):
            return Response(status_code=304, headers=kept)
        answer.headers.update(kept)
        return answer

    def _badge(self, request: Request, quarter: Quarter, result: Result) -> Response:
        # By its address alone, for it stands on pages of others and is kept on the way.
        asked = request.query_params.get("lang", "")
        wording = self._site.wordings.get(asked) or self._site.wordings[self._site.language]
        what = {
            "level": result.verified,
            "top": result.top,
            "quarter": quarter,
            "number": quarter.number,
            "year": quarter.fiscal_year,
        }
        level = wording.say("public.badge_level", what)
        values = {
            "language": wording.language,
            "code": result.code,
            "level": level,
            "title": wording.say("public.badge_title", what, code=result.code, title=result.title),
            "left": _width(result.code),
            "right": _width(level),
            "is_top": result.verified >= result.top,
        }
        return Response(
            ENVIRONMENT.get_template("public/badge.svg").render(values),
            media_type="image/svg+xml",
            headers={"Cross-Origin-Resource-Policy": "cross-origin"},
        )

    def _seal(self, request: Request, seals: list[Seal]) -> Seal:
        """The seal of the quarter in the path; a quarter that is not sealed is not there."""
        year = whole_number(request.path_params["year"], 4)
        number = whole_number(request.path_params["quarter"], 1)
        for one in seals:
            if (one.quarter.fiscal_year + BE_OFFSET, one.quarter.number) == (year, number):
                return one
        raise HTTPException(404)

    def _of(self, seal: Seal | None) -> dict[str, object]:
        """What every page says of the seal behind it."""
        if seal is None:
            return {"seal": None, "base": ""}
        return {"seal": seal, "base": f"{self._site.root}/public/{_path(seal)}"}

    def _page(self, request: Request, template: str, values: Mapping[str, object], tag: str) -> Response:
        """A page for anybody: nobody's name stands on it, whoever is signed in."""
        of_page = _hashed(tag, self._pages.language(request), self._pages.wears, request.url.path)
        headers = {**_kept(of_page, _PAGE_KEPT), "Vary": "Accept-Language, Cookie"}
        if names_tag(request.headers.get("if-none-match", ""), of_page):
            return Response(status_code=304, headers=headers)
        return self._pages.show(request, f"public/{template}", {"visit": None, **values}, headers=headers)


def publisher_of(site: Site) -> Publisher:
    """Who publishes what the house shows, and under which licence."""
    return Publisher(site.house, f"{site.base_url.rstrip('/')}/public", site.licence)


def _path(seal: Seal) -> str:
    return f"{FiscalYear(seal.quarter.fiscal_year).be}/{seal.quarter.number}"


def _named(one: Seal, shown: Seal | None, words: str) -> tuple[str, str, bool]:
    return _path(one), words, one == shown


def _tag(tx: Tx, *parts: str) -> str:
    """Of seals, and of the names that agencies have."""
    return _hashed(*parts, published.names_as_of(tx.connection))


def _hashed(*parts: str) -> str:
    return f'W/"{sha256(repr(parts).encode()).hexdigest()[:32]}"'


def _kept(tag: str, how: str) -> dict[str, str]:
    return {"ETag": tag, "Cache-Control": how}


def _width(words: str) -> int:
    """How wide the words are drawn: marks above and below stand in no place of their own."""
    letters = sum(not category(letter).startswith("M") for letter in words)
    return round(letters * _LETTER) + 2 * _AROUND
