"""Commands that take things in: pages and the facts they propose, full exports, campaigns, spreadsheets."""

import typer

from cli import campaigns, full, page_files, proposals, sheet_files

app = typer.Typer(
    no_args_is_help=True,
    help="Take in: pages of the existing site, a full export, a campaign, spreadsheets.",
)
app.command("page")(page_files.take_in)
app.command("proposals")(proposals.listed)
app.command("read")(proposals.read)
app.command("accept")(proposals.accept)
app.command("refuse")(proposals.refuse)
app.command("all")(full.take_in)
app.command("campaign")(campaigns.take_in)
app.command("xlsx")(sheet_files.take_in)
