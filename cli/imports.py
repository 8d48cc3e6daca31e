"""Commands that take things in: `radap import all`, `radap import campaign`, `radap import xlsx`."""

import typer

from cli import campaigns, full, sheet_files

app = typer.Typer(no_args_is_help=True, help="Take in: a full export, a campaign, spreadsheets.")
app.command("all")(full.take_in)
app.command("campaign")(campaigns.take_in)
app.command("xlsx")(sheet_files.take_in)
