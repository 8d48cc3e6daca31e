"""The process in which templates with the house's own wording are read and rendered, and the line to it.

It is handed plain values and hands back plain text. It has no environment, may open no file to write, may use
so much memory and, for one mail, so much time; what goes beyond is ended by the kernel and not by us.
"""

import contextlib
import json
import resource
import signal
import struct
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from select import select
from subprocess import DEVNULL, PIPE, Popen
from threading import Lock
from typing import IO, Any

from jinja2 import DictLoader, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from notifications.allowed import FILTERS, TESTS, Fault, faults_of
from notifications.templating import SYNTAX, FieldsOnly, is_page

#: For everything the process holds; it needs about 40 MB of it itself.
MEMORY_BYTES = 256 * 1024 * 1024
#: Of processor time, so that a busy machine ends no innocent mail.
CPU_SECONDS = 1.0
MOST_CHARACTERS = 1024 * 1024
#: The last resort of whoever waits, in time on the wall.
_PATIENCE_SECONDS = 20.0
_LENGTH = struct.Struct(">I")
_LONGEST = 16 * 1024 * 1024
_ROOM = Path(__file__).parent.parent


class _Sandbox(FieldsOnly, ImmutableSandboxedEnvironment):
    """Only what the allow-list lets through is there at all."""


def environment(templates: dict[str, str]) -> _Sandbox:
    """An environment of ours with the templates in the mapping, which may grow."""
    made = _Sandbox(
        loader=DictLoader(templates), autoescape=is_page, auto_reload=False, cache_size=-1, **SYNTAX
    )
    made.globals.clear()
    made.filters = {name: own or made.filters[name] for name, own in FILTERS.items()}
    made.tests = {name: made.tests[name] for name in TESTS}
    return made


# --- outside -------------------------------------------------------------------------------------------


class Broke(Exception):
    """A template did not come through: a kind of ``override.*`` and its particulars."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(fault.kind)


class Sandbox:
    """The line to the process. It starts with the first question, and anew after it was ended."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._process: Popen[bytes] | None = None
        self._loaded: dict[str, str] = {}

    def faults(self, source: str, shape: Any, frame: str) -> list[Fault]:
        """What is not allowed in the template."""
        try:
            return [Fault(*one) for one in self._ask("faults", source, shape, frame)]
        except Broke as broke:
            return [broke.fault]

    def load(self, name: str, source: str) -> None:
        """Hold a template under its name; it is compiled when it is first rendered."""
        self._loaded[name] = source
        self._ask("load", {name: source})

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        """The template with the values in it.

        Raises :class:`Broke` when it fails, takes too long, uses too much memory or says too much.
        """
        return str(self._ask("render", name, values))

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._stop()

    def _ask(self, *question: Any) -> Any:
        with self._lock:
            try:
                process = self._running()
                _send(process.stdin, question)
                answer = _receive(process.stdout, _PATIENCE_SECONDS)
            except (OSError, EOFError, ValueError):
                raise Broke(Fault(0, self._stop(), {})) from None
        if "fault" in answer:
            raise Broke(Fault(*answer["fault"]))
        return answer["said"]

    def _running(self) -> Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._stop()
            # No environment: whoever finds a way out of the sandbox finds no password there.
            self._process = Popen(  # noqa: S603 - every word of the command is ours
                [sys.executable, "-m", __name__],
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                cwd=_ROOM,
                env={},
            )
            _send(self._process.stdin, ("load", self._loaded))
            _receive(self._process.stdout, _PATIENCE_SECONDS)
        return self._process

    def _stop(self) -> str:
        """End the process; returns the kind that says what it had come to."""
        process, self._process = self._process, None
        if process is None:
            return "override.ended"
        process.kill()
        # What it did not read any more is nobody's loss.
        with contextlib.suppress(OSError), process:
            pass
        return "override.too_slow" if process.returncode == -signal.SIGPROF else "override.ended"


def _send(pipe: IO[bytes] | None, said: Any) -> None:
    assert pipe is not None
    raw = json.dumps(said, ensure_ascii=False).encode()
    pipe.write(_LENGTH.pack(len(raw)) + raw)
    pipe.flush()


def _receive(pipe: IO[bytes] | None, patience: float | None) -> Any:
    """What the other side said. Raises ``EOFError`` when it is gone, or silent for so many seconds."""
    assert pipe is not None
    if patience is not None and not select([pipe], [], [], patience)[0]:
        raise EOFError
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    if length > _LONGEST or len(raw := pipe.read(length)) < length:
        raise EOFError
    return json.loads(raw)


# --- inside --------------------------------------------------------------------------------------------


def main() -> None:
    """Answer until nobody asks any more."""
    _confine()
    templates: dict[str, str] = {}
    inside = environment(templates)
    answers: dict[str, Callable[..., Any]] = {
        "load": lambda given: _load(inside, templates, given),
        "faults": lambda source, shape, frame: faults_of(source, inside, shape, frame),
        "render": lambda name, values: _rendered(inside, name, values),
    }
    with contextlib.suppress(EOFError):
        while True:
            what, *rest = _receive(sys.stdin.buffer, None)
            signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
            answer = _answered(answers[what], rest)
            signal.setitimer(signal.ITIMER_PROF, 0)
            _send(sys.stdout.buffer, answer)


def _confine() -> None:
    """From here on the kernel keeps the limits; what breaks the one of time is ended without being asked."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    # Ctrl+C is for whoever asks; we end when nobody does.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for limit, value in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 16),
    ):
        resource.setrlimit(limit, (value, value))


def _answered(answer: Callable[..., Any], question: list[Any]) -> dict[str, Any]:
    try:
        return {"said": answer(*question)}
    except Broke as broke:
        return {"fault": broke.fault}
    except TemplateSyntaxError as error:
        return {"fault": Fault(error.lineno, "override.syntax", {"text": error.message or ""})}
    except MemoryError:
        return {"fault": Fault(0, "override.too_much", {})}
    except RecursionError:
        return {"fault": Fault(0, "override.too_deep", {})}
    except Exception as error:  # noqa: BLE001 - whatever a template does, the mail goes out with our words
        return {"fault": Fault(0, "override.failed", {"text": f"{type(error).__name__}: {error}"[:200]})}


def _load(inside: _Sandbox, templates: dict[str, str], given: dict[str, str]) -> None:
    templates.update(given)
    # What was compiled under the same names is of yesterday.
    if inside.cache is not None:
        inside.cache.clear()


def _rendered(inside: _Sandbox, name: str, values: Mapping[str, Any]) -> str:
    said: list[str] = []
    length = 0
    for piece in inside.get_template(name).generate(values):
        length += len(piece)
        if length > MOST_CHARACTERS:
            raise Broke(Fault(0, "override.too_much", {}))
        said.append(piece)
    return "".join(said)


if __name__ == "__main__":
    main()
