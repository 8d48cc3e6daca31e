"""A bare page: Starlette, one Jinja2 template, the statements of ours as texts; nothing is decided."""

import re
from typing import Any

from jinja2 import Environment
from sqlalchemy.engine import Engine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

_TEMPLATE = """<!DOCTYPE html><html lang="th"><head><title>{{ title }}</title></head><body>
{% for row in rows %}<li class="row"><a href="{{ row.href }}">{{ row.title }}</a> {{ row.words }}</li>
{% endfor %}<p>{{ rest }}</p></body></html>"""
_ROW = 400  # bytes of a row, about as many as a row of ours has


def bare_page(engine: Engine, statements: list[str], size: int) -> Any:
    """An application that answers with so many bytes after it has asked the same through the same engine."""
    template = Environment(autoescape=True).from_string(_TEMPLATE)
    reads = [one for one in statements if re.match(r"\s*(SELECT|WITH)\b", one, re.IGNORECASE)]

    filling = size - _ROW * (size // _ROW)

    def page(_request: Request) -> HTMLResponse:
        with engine.connect() as connection:
            for statement in reads:
                connection.exec_driver_sql(statement).all()
        rows = [
            {"href": f"/indicators/{number}", "title": "งาน" * 10, "words": "ก" * 70}
            for number in range(size // _ROW)
        ]
        return HTMLResponse(template.render(title="งานของฉัน", rows=rows, rest="x" * filling))

    return Starlette(routes=[Route("/", page)])
