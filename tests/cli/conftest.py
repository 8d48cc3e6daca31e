"""A terminal for tests: the whole command line on a small city, at a day that the test chooses."""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import time_machine
from typer.main import get_command
from typer.testing import CliRunner

from cli.commands import app

CODE = "5049-2017"
COORDINATOR = "coordinator@thungkhru.example"
SECTION_HEAD = "head@thungkhru.example"
EVALUATOR = "evaluator@strategy.example"
#: Mid-July 2564: three quarters lie behind, the fourth runs.
MID_JULY = datetime(2021, 7, 15, 2, tzinfo=UTC)


@pytest.fixture(scope="session", autouse=True)
def _put_together_once() -> Iterator[None]:
    """The runner puts the whole command line together for each command, which takes longer than most."""
    command = get_command(app)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.testing._get_command", lambda _app: command)
        yield


@dataclass(frozen=True)
class Said:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


@dataclass
class Terminal:
    """Runs `radap` as a person would, from a folder of its own; each command a second after the last."""

    url: str
    folder: Path
    columns: int = 100
    _seconds: Iterator[int] = field(default_factory=count, repr=False)

    def __call__(
        self,
        *words: str,
        at: datetime = MID_JULY,
        lang: str | None = "en",
        typed: str | None = None,
        **env: str,
    ) -> Said:
        environment: dict[str, str | None] = dict.fromkeys(
            name for name in os.environ if name.startswith("RADAP_")
        )
        environment |= {
            "RADAP_DATABASE__URL": self.url,
            "RADAP_EVIDENCE__FOLDER": str(self.folder / "evidence"),
            "COLUMNS": str(self.columns),
            **env,
        }
        language = [] if lang is None else ["--lang", lang]
        now = at + timedelta(seconds=next(self._seconds))
        with time_machine.travel(now, tick=False):
            result = CliRunner().invoke(app, [*words, *language], typed, env=environment)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Said(result.exit_code, result.stdout, result.stderr)

    def file(self, name: str, content: bytes | str) -> str:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)


def found(terminal: Terminal) -> None:
    """Two districts, the people of Thung Khru, an evaluator, and the network indicator of 2564."""
    start = datetime(2020, 10, 1, 2, tzinfo=UTC)
    for words in (
        ["init"],
        ["agency", "add", "สำนักงานเขตทุ่งครุ", "--name-en", "Thung Khru District Office", "--code", "5049"],
        ["agency", "add", "สำนักงานเขตสายไหม", "--name-en", "Sai Mai District Office", "--code", "5042"],
        ["user", "add", COORDINATOR, "--name", "ผู้ประสานงานเขตทุ่งครุ", "--role", "coordinator@5049"],
        ["user", "add", SECTION_HEAD, "--name", "หัวหน้าฝ่ายเขตทุ่งครุ", "--role", "section_head@5049"],
        ["user", "add", EVALUATOR, "--name", "ผู้ประเมิน", "--role", "evaluator"],
        [
            *("indicator", "add", CODE, "--year", "2564", "--agency", "5049"),
            *("--workflow", "civil_society_network", "--target", "5", "--unit", "ระดับ"),
            *("--title", "ระดับความสำเร็จในการจัดตั้งเครือข่ายประชาสังคมเขต", "--title-en", "Civil society network"),
        ],
    ):
        said = terminal(*words, at=start)
        assert said.code == 0, said.err


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No config.toml but the one that the test writes."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def small_city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a founded city, made once and copied for each test."""
    folder = tmp_path_factory.mktemp("city")
    file = folder / "radap.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        found(Terminal(f"sqlite:///{file}", folder))
    return file


@pytest.fixture
def empty(tmp_path: Path) -> Terminal:
    """A terminal whose database does not exist yet."""
    return Terminal(f"sqlite:///{tmp_path / 'radap.db'}", tmp_path)


@pytest.fixture
def radap(small_city: Path, tmp_path: Path) -> Terminal:
    """A terminal on a founded city."""
    shutil.copy(small_city, tmp_path / "radap.db")
    return Terminal(f"sqlite:///{tmp_path / 'radap.db'}", tmp_path)
