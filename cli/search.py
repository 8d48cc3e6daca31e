"""The command that finds texts by words that stand in them: `radap search`."""

from typing import Annotated

import typer

from cli.desk import Desk
from cli.options import By, Json
from engine.searching import passages, words_of
from storage.search import Hit, find
from web.reading import plain


def search(
    ctx: typer.Context,
    words: Annotated[list[str], typer.Argument(metavar="WORDS", help="Parts of words; all are needed.")],
    most: Annotated[int, typer.Option("--most", metavar="N", min=1, max=1000, help="So many at most.")] = 20,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Find titles, codes, reports, document numbers, notes and file names, the newest year first."""
    desk: Desk = ctx.obj
    asked = words_of(plain(" ".join(words)))
    with desk.house().store.read() as tx:
        hits = []
        if asked:
            of = (tx.connection, desk.house().store.workflow, desk.person(tx, by), asked)
            hits = find(*of, most=most)
    if as_json:
        desk.json([_as_data(hit) for hit in hits])
    elif not hits:
        desk.say("search.nothing", words=" ".join(words))
    else:
        desk.table(
            ["label.fiscal_year", "label.code", "label.where", "label.passage"],
            [
                [
                    str(hit.fiscal_year.be),
                    hit.code,
                    desk.wording.word("search_kind", hit.kind.name.lower()),
                    "".join(piece.text for piece in passages(hit.said, asked)),
                ]
                for hit in hits
            ],
        )


def _as_data(hit: Hit) -> dict[str, object]:
    return {
        "fiscal_year": hit.fiscal_year.be,
        "code": hit.code,
        "agency": {"th": hit.agency.th, "en": hit.agency.en},
        "title": {"th": hit.title.th, "en": hit.title.en},
        "kind": hit.kind.name.lower(),
        "number": hit.number,
        "milestone": hit.milestone or None,
        "holds": hit.holds,
        "text": hit.said,
    }
