"""The house's own wording of mails: read from a folder, tried out, used where it holds, reported where not.

The folder has the layout of ``templates/``: ``digest/body.th.txt`` there takes the place of ours. Nothing in
it can keep a mail from going out: what breaks, now or with some later mail, gives way to ours and is told.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.errors import Unmet
from engine.nearest import nearest
from notifications.allowed import MOST_BYTES, Fault, shape_of
from notifications.sandbox import Broke, Sandbox
from notifications.templating import Templates, Values, frame_of, is_page, source_of, styled, template_names


@dataclass(frozen=True, slots=True)
class Broken:
    """Wording that is not used: the file below its folder, the line (0 for all of it), and what is wrong."""

    file: str
    line: int
    kind: str
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def unmet(self) -> Unmet:
        """The sentence to be said of it."""
        return Unmet(self.kind, {"file": self.file, "line": self.line or None, **self.params})


class Overrides:
    """Mails in the house's own words, and in ours where the house has none that hold.

    ``samples`` are the values of some mails for each template, first those of a mail with everything in it;
    they show what a template can name, and it must come through with every one of them.
    """

    def __init__(self, folder: Path, samples: Mapping[str, Sequence[Values]]) -> None:
        self._ours = Templates()
        self._sandbox = Sandbox()
        self._used: set[str] = set()
        self._broken: list[Broken] = []
        names = template_names()
        if not folder.is_dir():
            self._broken.append(Broken(str(folder), 0, "override.no_folder"))
        for path in sorted(one for one in (*folder.glob("*"), *folder.glob("*/*")) if one.is_file()):
            name = path.relative_to(folder).as_posix()
            if name in names:
                self._broken += self._tried(name, path, samples[name])
            else:
                params = {"nearest": nearest(name, names)}
                self._broken.append(Broken(name, 0, "override.unknown_file", params))

    @property
    def broken(self) -> tuple[Broken, ...]:
        """Everything that is not used although it stands in the folder, as of now."""
        return tuple(self._broken)

    @property
    def used(self) -> frozenset[str]:
        """The templates for which the house's own wording is used, as of now."""
        return frozenset(self._used)

    def render(self, name: str, values: Values) -> str:
        """The text of that template with the values in it, in our words if the house's break."""
        if name in self._used:
            try:
                return self._said(name, values)
            except Broke as broke:
                # For good: the next mail would wait as long for nothing.
                self._used.discard(name)
                self._broken.append(_broken(name, broke.fault))
        return self._ours.render(name, values)

    def close(self) -> None:
        """End the process in which the templates are rendered."""
        self._sandbox.close()

    def _tried(self, name: str, path: Path, samples: Sequence[Values]) -> Iterator[Broken]:
        """What is wrong with the file; when nothing is, it is used from now on."""
        frame = frame_of(name)
        try:
            source = _read(path)
            faults = self._sandbox.faults(source, shape_of(samples[0]), frame)
            if faults:
                yield from (_broken(name, fault) for fault in faults)
                return
            if (ours := source_of(frame)) is not None:
                self._sandbox.load(frame, ours)
            self._sandbox.load(name, _page(source) if is_page(name) else source)
            for values in samples:
                self._said(name, values)
        except Broke as broke:
            yield _broken(name, broke.fault)
        else:
            self._used.add(name)

    def _said(self, name: str, values: Values) -> str:
        said = self._sandbox.render(name, values)
        if not said.strip():
            raise Broke(Fault(0, "override.empty", {}))
        return said


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise Broke(Fault(0, "override.unreadable", {"text": error.strerror or ""})) from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if len(raw) > MOST_BYTES:
            return raw.decode(errors="replace")  # it is refused for its length
        line = raw.count(b"\n", 0, error.start) + 1
        raise Broke(Fault(line, "override.not_utf8", {})) from None


def _page(source: str) -> str:
    try:
        return styled(source)
    except ValueError:
        raise Broke(Fault(0, "override.markup", {})) from None


def _broken(name: str, fault: Fault) -> Broken:
    return Broken(name, fault.line, fault.kind, MappingProxyType(fault.params))
