"""The ladder, the quarters and the proof of one indicator, drawn for a terminal of 60 columns or more."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cli.desk import Desk
from engine.explain import Next
from engine.levels import Rung
from engine.proving import Told, fact_told, told
from engine.standing import Stand, sentence
from engine.wording import level_text

# Signs carry the meaning; colour only repeats it.
CLAIMED, VERIFIED, PROJECTED, TARGET = "●", "✔", "◌", "⚑"
_STYLES = {CLAIMED: "bold", VERIFIED: "green", PROJECTED: "cyan", TARGET: "yellow"}


def drawn(desk: Desk, found: Stand, *, why: bool) -> Iterator[RenderableType]:
    """Everything that `radap level` shows, from the title to the proof."""
    yield _heading(desk, found)
    yield Padding(_ladder(desk, found), (1, 0, 0, 0))
    yield Padding(_legend(desk), (1, 0, 1, 0))
    yield _quarters(desk, found)
    if why:
        yield from _whole_why(desk, found)


def _heading(desk: Desk, found: Stand) -> RenderableType:
    indicator, say = found.indicator, desk.wording.say
    title = Text(f"{indicator.code}  ", style="bold")
    title.append(desk.wording.value(indicator.title))
    about = say(
        "level.about",
        year=indicator.fiscal_year,
        on=found.on,
        known_at=found.known_at,
        target=indicator.target,
        unit=indicator.unit,
    )
    levels = say(
        "level.levels",
        claimed=level_text(found.claimed.level, found.claimed.fraction),
        verified=level_text(found.verified.level, found.verified.fraction),
        projected=level_text(found.projected.level, found.projected.fraction),
        reported=found.self_reported,
    )
    return Text("\n").join([title, Text(about, style="dim"), Text(levels)])


def _ladder(desk: Desk, found: Stand) -> Table:
    """One line per level, the highest on top."""
    table = Table.grid(padding=(0, 1))
    for justify in ("right", "left", "left", "left"):
        table.add_column(justify=justify, overflow="fold")
    levels = [rung.level for rung in found.claimed.rungs]
    aim = found.target_level
    for rung in reversed(levels):
        marks = [
            CLAIMED if rung.level <= found.claimed.level else "",
            VERIFIED if rung.level <= found.verified.level else "",
            PROJECTED if found.claimed.level < rung.level <= found.projected.level else "",
            TARGET if rung.level == aim else "",
        ]
        bar = "┃" if rung.level <= found.claimed.level else "╎"
        title = Text(desk.wording.value(rung.title), style="" if marks[0] else "dim")
        table.add_row(Text(str(rung.level), style="bold"), bar, _signs(marks), title)
    below = "┃" if found.claimed.level else "╎"
    table.add_row("0", below, "", Text(desk.wording.say("level.not_started"), style="dim"))
    return table


def _signs(marks: list[str]) -> Text:
    """The signs of a rung, each in its own place so that they stand under each other."""
    text = Text()
    first = marks[0] or marks[2] or " "
    text.append(first, style=_STYLES.get(first, ""))
    for sign in (marks[1], marks[3]):
        text.append(sign or " ", style=_STYLES.get(sign, ""))
    return text


def _legend(desk: Desk) -> Text:
    words = (
        (CLAIMED, "basis.claimed"),
        (VERIFIED, "basis.verified"),
        (PROJECTED, "basis.projected"),
        (TARGET, "label.target"),
    )
    return Text("   ".join(f"{sign} {desk.wording.say(word)}" for sign, word in words), style="dim")


def _quarters(desk: Desk, found: Stand) -> Table:
    say = desk.wording.say
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    table.add_column(say("label.quarter"))
    for head in ("basis.claimed", "basis.verified", "label.self_reported"):
        table.add_column(say(head), justify="right")
    table.add_column(say("label.report"), overflow="fold")
    for one in found.quarters:
        report = found.indicator.reports.get(one.quarter.number)
        known = report is not None and (
            found.known_at is None or (report.written_at is not None and report.written_at <= found.known_at)
        )
        state = desk.wording.word("report_state", report.state) if report is not None and known else "–"
        table.add_row(
            f"{one.quarter.number}",
            *(desk.wording.value(value) for value in (one.claimed, one.verified, one.self_reported)),
            state if one.claimed is not None else "–",
        )
    return table


# --- why -----------------------------------------------------------------------------------------------


def _whole_why(desk: Desk, found: Stand) -> Iterator[RenderableType]:
    say = desk.wording.say
    if found.next is None:
        yield _head(say("level.at_the_top"))
    else:
        yield _head(say("level.missing_for", level=found.next.level))
        yield _missing(desk, found.next)
    if found.next_verified is not None:
        yield _head(say("level.missing_for_verified", level=found.next_verified.level))
        yield _missing(desk, found.next_verified)
    yield _head(say("level.proof"))
    yield _proofs(desk, found)


def _head(words: str) -> RenderableType:
    return Padding(Text(words, style="bold"), (1, 0, 0, 0))


def _missing(desk: Desk, ahead: Next) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column()
    table.add_column(overflow="fold")
    for one in ahead.missing:
        text = Text(sentence(one, desk.wording))
        if one.condition.who:
            who = desk.wording.say("missing.who", who=list(one.condition.who), due_on=one.due_on)
            text.append(f"\n{who}", style="dim")
        table.add_row("✘", text)
    return table


def _proofs(desk: Desk, found: Stand) -> Table:
    """Every rung from below: met or not, and by which facts."""
    table = Table.grid(padding=(0, 1))
    for _ in range(2):
        table.add_column()
    table.add_column(overflow="fold")
    for rung in found.claimed.rungs:
        table.add_row(*_proof_line(desk, rung))
        for line in _lines(desk, told(found.indicator, rung.proof, desk.wording)):
            table.add_row("", "", Text(line, style="dim"))
    return table


def _proof_line(desk: Desk, rung: Rung) -> tuple[str, str, Text]:
    mark = "✔" if rung.proof.met else "✘"
    return str(rung.level.level), mark, Text(desk.wording.value(rung.level.title))


def _lines(desk: Desk, one: Told, depth: int = 0) -> Iterator[str]:
    pad = "  " * depth
    yield pad + one.text
    for part in one.parts:
        yield from _lines(desk, part, depth + 1)
    for fact in one.facts:
        yield f"{pad}  {fact_told(fact, desk.wording)}"
