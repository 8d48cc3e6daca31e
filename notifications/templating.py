"""The templates of the mails: found, their style written onto every element once, compiled once.

A template is ``<mail>/<part>.<language>.<ending>`` such as ``digest/body.th.html``: whoever wants other words
copies the file and writes over them.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from css_inline import CSSInliner
from jinja2 import Environment, FunctionLoader, StrictUndefined

FOLDER = Path(__file__).parent / "templates"
MAILS = ("digest", "changes", "reset", "job", "stopped", "test")
#: The parts of each mail, with the ending of its file.
PARTS = (("subject", "txt"), ("body", "txt"), ("body", "html"))
LANGUAGES = ("th", "en")
Values = Mapping[str, Any]


def template_names() -> list[str]:
    """Every template of a mail, as its path below the folder."""
    return [
        f"{mail}/{part}.{language}.{ending}"
        for mail in MAILS
        for part, ending in PARTS
        for language in LANGUAGES
    ]


def frame_of(name: str) -> str:
    """The template that a body of that name stands in: ``_base/body.th.html``."""
    return "_base/" + name.partition("/")[2]


class FieldsOnly(Environment):
    """Templates reach the fields of what they are given and nothing else of it, whatever Python it is."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """The field of that name; undefined where there is none."""
        if type(obj) is dict:
            return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)


#: How our templates are written, for whoever reads them.
SYNTAX: Mapping[str, Any] = {"trim_blocks": True, "lstrip_blocks": True, "undefined": StrictUndefined}


class Templates:
    """Our own templates; each is read and compiled when the first mail asks for it."""

    def __init__(self) -> None:
        self._environment = FieldsOnly(
            loader=FunctionLoader(source_of), autoescape=is_page, auto_reload=False, cache_size=-1, **SYNTAX
        )

    def render(self, name: str, values: Values) -> str:
        """The text of that template with the values in it."""
        return self._environment.get_template(name).render(values)


def is_page(name: str | None) -> bool:
    """Whether what is put into the template is escaped for HTML."""
    return name is not None and name.endswith(".html")


def source_of(name: str) -> str | None:
    """One of our templates, a page with its style on it; ``None`` where there is no such template."""
    path = FOLDER / name
    if not path.is_file():
        return None
    source = path.read_text(encoding="utf-8")
    return styled(source) if is_page(name) else source


# --- style ---------------------------------------------------------------------------------------------


class _Piece(NamedTuple):
    """A stretch of a template: markup, or something that Jinja reads."""

    text: str
    is_code: bool


#: What stands for code while the markup is worked on: a comment may stand anywhere between elements, even
#: inside a table, and two private characters in the value of an attribute or in a title.
_MARKER = re.compile("<!--radap:([0-9]+)-->|\ue000([0-9]+)\ue001")
_CLASSES = re.compile(' class="[^"]*"')
_INDENTED = re.compile(r"\n\s+")


def styled(source: str) -> str:
    """The HTML template with the one style of all mails on its elements; its code comes through unchanged.

    While the markup is worked on, markers stand for the code. So a style cannot hang on a value: what looks
    different stands in two branches. Raises ``ValueError`` where code stands inside a tag but in no value of
    an attribute, or where markup does not survive, and ``TemplateSyntaxError``.
    """
    css = (FOLDER / "_base/style.css").read_text(encoding="utf-8")
    marked, code = _marked(_pieces(source))
    inliner = CSSInliner(extra_css=css, load_remote_stylesheets=False)
    whole = "<html" in marked.lower()
    html = inliner.inline(marked) if whole else inliner.inline_fragment(marked, css)
    html = _INDENTED.sub("\n", _CLASSES.sub("", html))
    numbers = [int(one or other) for one, other in _MARKER.findall(html)]
    if numbers != list(range(len(code))):
        raise ValueError("code stands where it does not survive")
    return _MARKER.sub(lambda marker: code[int(marker[1] or marker[2])], html)


def _pieces(source: str) -> Iterator[_Piece]:
    code = ""
    for _, kind, value in Environment(autoescape=True, **SYNTAX).lex(source):
        if kind == "data" and not code:
            yield _Piece(value, is_code=False)
            continue
        code += value
        if kind in {"block_end", "variable_end", "comment_end", "raw_begin", "raw_end"}:
            yield _Piece(code, is_code=True)
            code = ""


def _marked(pieces: Iterator[_Piece]) -> tuple[str, list[str]]:
    """The markup with its markers, and the code that each stands for."""
    marked, code = "", list[str]()
    for text, is_code in pieces:
        if not is_code:
            marked += text
            continue
        tag = marked.rfind("<")
        between = tag <= marked.rfind(">")
        if between and not marked.startswith("<title", tag):
            marked += f"<!--radap:{len(code)}-->"
        elif between or marked.count('"', tag) % 2:
            marked += f"\ue000{len(code)}\ue001"
        else:
            raise ValueError("code stands between the attributes of a tag")
        code.append(text)
    return marked, code
