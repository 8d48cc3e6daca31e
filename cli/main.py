"""The entry point of the installed command."""

import gc
import sys

#: How a shell calls the end by Ctrl+C.
_INTERRUPTED = 130


def main() -> None:
    """Run `radap`.

    What all commands share is read before anybody looks for garbage, and never looked through again: none
    of it is, and looking takes a tenth of a second.
    """
    gc.disable()
    try:
        from cli.commands import app  # noqa: PLC0415 - see above

        gc.freeze()
        gc.enable()
        app(prog_name="radap")
    except KeyboardInterrupt:  # before there was anybody to hear it
        sys.exit(_INTERRUPTED)
