"""Commands about settings that may be changed while the house runs: `radap settings`."""

import time
from typing import Annotated, Any

import typer

from cli.changing import Changing
from cli.desk import Desk
from cli.options import By, Json
from cli.settings_faults import shown
from engine.errors import refuse
from engine.nearest import nearest
from web.site import Setting

app = typer.Typer(no_args_is_help=True, help="Settings that may be changed while the house runs.")

Key = Annotated[str, typer.Argument(metavar="KEY", help="As config.toml calls it, such as reminders.hour.")]


@app.command()
def show(
    ctx: typer.Context,
    key: Annotated[str | None, typer.Argument(metavar="[KEY]", help="One setting; without it, all.")] = None,
    as_json: Json = False,
) -> None:
    """What holds, what config.toml says, and who changed what when."""
    desk: Desk = ctx.obj
    found = Changing(desk.house(), time.monotonic).listed()
    if key is not None:
        every, found = [one.key for one in found], [one for one in found if one.key == key]
        if not found:
            raise refuse("setting.not_changeable", key=key, nearest=nearest(key, every))
    if as_json:
        desk.json([_plain(one) for one in found])
        return
    desk.table(
        ["label.setting", "label.now", "label.in_the_file", "label.changed"],
        [[one.key, shown(one.now), shown(one.started), _changed(desk, one)] for one in found],
    )


@app.command("set")
def set_(
    ctx: typer.Context,
    key: Key,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="As config.toml would write it.")],
    by: By = None,
    as_json: Json = False,
) -> None:
    """Change a setting; pages and workers go by it at once, config.toml stays as it is."""
    _change(ctx.obj, key, value, by, as_json=as_json)


@app.command()
def back(ctx: typer.Context, key: Key, by: By = None, as_json: Json = False) -> None:
    """Let what config.toml says hold again."""
    _change(ctx.obj, key, None, by, as_json=as_json)


def _change(desk: Desk, key: str, value: str | None, by: str | None, *, as_json: bool) -> None:
    house = desk.house()
    changing = Changing(house, time.monotonic)
    with house.store.begin() as tx:
        changing.change(tx, key, value, by=desk.person(tx, by), now=desk.clock())
    house.follow()
    (found,) = (one for one in changing.listed() if one.key == key)
    if as_json:
        desk.json(_plain(found))
    else:
        desk.say("done.setting_changed", key=key, value=shown(found.now))


def _plain(one: Setting) -> dict[str, Any]:
    return {
        "key": one.key,
        "now": one.now,
        "file": one.started,
        "default": one.default,
        "changed": {"at": one.at, "by": one.by} if one.is_changed else None,
        "unfit": one.unfit,
    }


def _changed(desk: Desk, one: Setting) -> str:
    if one.unfit:
        return desk.wording.say("setting.unfit")
    return desk.wording.say("setting.changed_by", at=one.at, by=one.by) if one.is_changed else ""
