"""The help of the commands in the language of the answers: in the code it stands in English.

``locale/`` has what it is in another language, by the English text. The library puts the texts together, so
they are exchanged while it does, and put back: a process may serve in several languages.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from cli import bootstrap

#: Words of the library that it has for every command.
_TITLES = (
    "ARGUMENTS_PANEL_TITLE",
    "OPTIONS_PANEL_TITLE",
    "COMMANDS_PANEL_TITLE",
    "REQUIRED_LONG_STRING",
    "DEFAULT_STRING",
    "ENVVAR_STRING",
)
_USAGE = "Usage:"


def speak(command: Any) -> None:
    """Let a command, and all below it, give its help in the language of the desk at which it is asked for."""
    command.format_help = partial(show, command, command.format_help)
    for below in getattr(command, "commands", {}).values():
        speak(below)


def show(command: Any, format_help: Any, context: Any, formatter: Any) -> None:
    """Give the help of one command as ``format_help`` does, in the language of the desk."""
    language = context.obj.wording.language
    if language == "en":
        format_help(context, formatter)
        return
    with _exchanged(command, context, bootstrap.sentences(language, "help")):
        format_help(context, formatter)


@contextmanager
def _exchanged(command: Any, context: Any, words: Mapping[str, str]) -> Iterator[None]:
    before = [(owner, name, getattr(owner, name)) for owner, name in _places(command, context)]
    usage = command.get_usage
    for owner, name, text in before:
        setattr(owner, name, words.get(text, text))
    command.get_usage = lambda given: usage(given).replace(_USAGE, words[_USAGE], 1)
    try:
        yield
    finally:
        command.get_usage = usage
        for owner, name, text in before:
            setattr(owner, name, text)


def _places(command: Any, context: Any) -> Iterator[tuple[Any, str]]:
    """Where the texts stand of which the help is made."""
    from typer import rich_utils  # noqa: PLC0415 - it reads much that only help needs

    yield command, "help"
    yield command, "options_metavar"
    for name in _TITLES:
        yield rich_utils, name
    for param in command.get_params(context):
        yield param, "help"
    if hasattr(command, "list_commands"):
        yield command, "subcommand_metavar"
        for name in command.list_commands(context):
            yield command.get_command(context, name), "help"
