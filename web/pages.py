"""From values to a page in the language of its reader."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from engine.wording import Wording
from notifications.phrases import Phrases
from web.menu import menu_of
from web.site import Site

FOLDER = Path(__file__).parent
TEMPLATES = FOLDER / "templates"
LANGUAGE_COOKIE = "radap-language"
_YEAR = 365 * 24 * 3600


#: What the frame of every page is given where a page says nothing else.
_FRAME: Mapping[str, Any] = {"current": "", "faults": [], "errors": {}, "fields": {}}


#: What every page wears.
_WORN = ("radap.css", "radap.js", "radap.svg")


@cache
def _fingerprint(name: str) -> str:
    return sha256((FOLDER / "static" / name).read_bytes()).hexdigest()[:12]


#: One for all sites, so that a template is compiled once in a process.
ENVIRONMENT = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Pages:
    """Renders the templates of this folder; shared by threads."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._phrases = {language: Phrases(wording) for language, wording in site.wordings.items()}

    def _static(self, name: str) -> str:
        """The address of a file of ours; it changes with the file, which may be kept for ever."""
        return f"{self._site.root}/static/{name}?v={_fingerprint(name)}"

    def _worker(self) -> str:
        """The address of the worker that keeps a page for when there is no connection.

        What it keeps stands in it, so that a new release keeps the new files; the page in every language.
        """
        spoken = [f"{self._site.root}/offline?lang={one}" for one in self._site.wordings]
        kept = [*spoken, *map(self._static, _WORN)]
        return f"{self._site.root}/worker.js?{urlencode([('keep', one) for one in kept])}"

    @property
    def wears(self) -> str:
        """What changes with the look of the pages."""
        return "".join(map(_fingerprint, _WORN))

    def speak(self, request: Request, language: str) -> None:
        """From now on this request is answered in that language, unless its address names another."""
        request.state.language = language

    def language(self, request: Request) -> str:
        """What the address asks for, or did before, else what the reader is known to read, or to prefer."""
        known = self._site.wordings
        wanted: tuple[str, ...] = (
            request.query_params.get("lang", ""),
            request.cookies.get(LANGUAGE_COOKIE, ""),
            getattr(request.state, "language", ""),
            *_preferred(request.headers.get("accept-language", "")),
        )
        return next((one for one in wanted if one in known), self._site.language)

    def wanted_language(self, request: Request, known: str) -> str:
        """What a program asks for, else what its person is ``known`` to read."""
        wanted = (*_preferred(request.headers.get("accept-language", "")), known)
        return next((one for one in wanted if one in self._site.wordings), self._site.language)

    def wording(self, request: Request) -> Wording:
        return self._site.wordings[self.language(request)]

    def phrases(self, request: Request) -> Phrases:
        return self._phrases[self.language(request)]

    def show(
        self,
        request: Request,
        template: str,
        values: Mapping[str, Any],
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> HTMLResponse:
        """The page; a template says its sentences by ``say(kind, ...)``."""
        language = self.language(request)
        page = ENVIRONMENT.get_template(template).render(
            say=self._site.wordings[language].say,
            static=self._static,
            worker=self._worker,
            menu=menu_of,
            language=language,
            # What was done by a form cannot be asked for again in another language.
            others=[] if request.method == "POST" else self._others(request, language),
            house=self._site.house,
            root=self._site.root,
            is_public=self._site.public,
            **{**_FRAME, "visit": getattr(request.state, "visit", None), **values},
        )
        answer = HTMLResponse(page, status, headers)
        if request.query_params.get("lang") == language:
            # What a reader has chosen is remembered by their browser.
            answer.set_cookie(
                LANGUAGE_COOKIE, language, max_age=_YEAR, path=self._site.root or "/", samesite="lax"
            )
        return answer

    def piece(self, template: str, **values: Any) -> Markup:
        """A piece of a page that needs nothing but these values."""
        return Markup(ENVIRONMENT.get_template(template).render(values))  # noqa: S704 - a template escapes what it is given

    def _others(self, request: Request, language: str) -> list[tuple[str, str, str]]:
        """The other languages, each with its own name for itself and the address of this page in it."""
        asked = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
        return [
            (one, wording.say("page.language"), "?" + urlencode([*asked, ("lang", one)]))
            for one, wording in self._site.wordings.items()
            if one != language
        ]

    def tell(
        self,
        request: Request,
        title: str,
        sentences: Iterable[str],
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> HTMLResponse:
        """A page that says what became of something, or what is in the way."""
        values = {"title": title, "sentences": list(sentences), "wrong": status >= 400}
        return self.show(request, "told.html", values, status, headers)


def _preferred(accepted: str) -> Iterator[str]:
    """The languages of an ``Accept-Language``, the most wanted first; what cannot be read is not wanted."""
    found = []
    for place, part in enumerate(accepted.split(",")):
        name, _, weight = part.partition(";")
        try:
            wanted = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if wanted > 0:
            found.append((-wanted, place, name.strip().partition("-")[0].lower()))
    yield from (name for _, _, name in sorted(found))
