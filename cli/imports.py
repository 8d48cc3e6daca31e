"""Commands that take things in: pages, and what is done with the facts that their texts propose."""

import typer

from cli import page_files, proposals

app = typer.Typer(no_args_is_help=True, help="Take in: pages of the existing site.")
app.command("page")(page_files.take_in)
app.command("proposals")(proposals.listed)
app.command("read")(proposals.read)
app.command("accept")(proposals.accept)
app.command("refuse")(proposals.refuse)
