"""Commands that take things in: `radap import all`, `radap import campaign`."""

import typer

from cli import campaigns, full

app = typer.Typer(no_args_is_help=True, help="Take in: a full export, a campaign.")
app.command("all")(full.take_in)
app.command("campaign")(campaigns.take_in)
