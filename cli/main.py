"""The entry point of the installed command."""

import gc


def main() -> None:
    """Run `radap`.

    What all commands share is read before anybody looks for garbage, and never looked through again: none
    of it is, and looking takes a tenth of a second.
    """
    gc.disable()
    from cli.commands import app  # noqa: PLC0415 - see above

    gc.freeze()
    gc.enable()
    app(prog_name="radap")
