"""Promises about the source: it holds on any machine, only cli/ asks the time, exceptions have reasons."""

import ast
import io
import re
import shutil
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy

from tests.restored import plain

ROOT = Path(__file__).parents[2]
HOUSE = ("cli", "web", "notifications", "storage", "workflows", "engine")
BELOW_CLI = HOUSE[1:]


def source_files() -> list[Path]:
    """Everything that is committed, or would be by `git add .`"""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return [path for name in names if name and (path := ROOT / name).is_file()]


def python_files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


# --- nothing of one machine, nothing of one index ------------------------------------------------------

# Written in pieces, or this file would be its own first finding.
INDEX_HOSTS = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"))]
LOCAL_SOURCES = ["find" + "-links", "file:" + "//"]
MACHINE_PATH = re.compile(r"(?<![\w.~)}>-])/(?:work|root|home)" + "/")


def traces_of_a_machine(text: str) -> list[str]:
    """Index hosts, local package sources and absolute paths in a file: what would not hold elsewhere."""
    named = [needle for needle in INDEX_HOSTS + LOCAL_SOURCES if needle in text.lower()]
    return named + MACHINE_PATH.findall(text)


def faults_of_a_lock(text: str) -> list[str]:
    """Lines of a lock that pin no version, carry no hash, or say where from."""
    requirements = text.replace("\\\n", " ").splitlines()
    pinned = re.compile(r"[a-z0-9._-]+(\[[a-z,]+\])?==\S+( ; [^#]+?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*")
    return [line for line in requirements if not pinned.fullmatch(line)]


def test_no_file_names_a_machine_or_an_index():
    traces = {
        shown(path): found
        for path in source_files()
        if (found := traces_of_a_machine(path.read_bytes().decode(errors="replace")))
    }
    assert traces == {}


@pytest.mark.parametrize(
    "text",
    [
        "--index-url https://" + INDEX_HOSTS[0] + "/simple",
        "--" + LOCAL_SOURCES[0] + " wheels",
        "radap @ " + LOCAL_SOURCES[1] + "wheels/radap.whl",
        "shebang: #!" + "/home" + "/someone/.venv/bin/python",
        '"' + "/work" + '/radap/var"',
    ],
)
def test_a_machine_or_an_index_would_be_found(text):
    assert len(traces_of_a_machine(text)) == 1


@pytest.mark.parametrize("text", ["see workflows/base.toml", "~/work/radap", "the file: it is empty"])
def test_a_relative_path_is_no_trace(text):
    assert traces_of_a_machine(text) == []


@pytest.mark.parametrize("lock", sorted((ROOT / "requirements").glob("*.lock")), ids=lambda path: path.name)
def test_lock_pins_versions_and_hashes_and_nothing_else(lock):
    text = lock.read_text(encoding="utf-8")
    assert text
    assert faults_of_a_lock(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "alembic==1.20.1\n",
        "alembic>=1.20 \\\n    --hash=sha256:" + "0" * 64 + "\n",
        "alembic @ https://example.org/alembic.whl --hash=sha256:" + "0" * 64 + "\n",
        "--extra-index-url https://example.org\n",
    ],
)
def test_a_loose_lock_would_be_found(text):
    assert faults_of_a_lock(text) != []


def test_lock_of_the_style_sheet_names_no_address():
    text = (ROOT / "web/assets/package-lock.json").read_text(encoding="utf-8")
    assert '"integrity": "sha512-' in text
    assert "://" not in text


# --- the clock and the environment belong to cli/ ------------------------------------------------------

CLOCK_AND_ENVIRONMENT = {
    "datetime.date.today",
    "datetime.datetime.now",
    "datetime.datetime.today",
    "datetime.datetime.utcnow",
    "os.environ",
    "os.environb",
    "os.getenv",
    "os.getenvb",
    "time.ctime",
    "time.gmtime",
    "time.localtime",
    "time.time",
    "time.time_ns",
}
# Measuring how long a writer waits is not asking what day it is: the store may.
STOPWATCH = {
    "time.monotonic",
    "time.monotonic_ns",
    "time.perf_counter",
    "time.perf_counter_ns",
    "time.sleep",
}


def names_of_imports(tree: ast.AST) -> dict[str, str]:
    """What each imported name stands for: `dt` for `datetime`, `now` for `time.time`."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                names[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return names


def dotted(node: ast.AST, names: dict[str, str]) -> str | None:
    """The full name that an expression like `dt.datetime.now` refers to, if it refers to an import."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute) and (owner := dotted(node.value, names)):
        return f"{owner}.{node.attr}"
    return None


def uses(source: str, forbidden: Iterable[str]) -> list[tuple[int, str]]:
    """Line and name of every use of a forbidden function, under whatever name it was imported."""
    tree = ast.parse(source)
    names = names_of_imports(tree)
    found = ((getattr(node, "lineno", 0), dotted(node, names)) for node in ast.walk(tree))
    return sorted({(line, name) for line, name in found if name is not None and name in forbidden})


@pytest.mark.parametrize("folder", BELOW_CLI)
def test_nothing_below_cli_asks_the_time_or_reads_the_environment(folder):
    forbidden = CLOCK_AND_ENVIRONMENT | (set() if folder == "storage" else STOPWATCH)
    found = {
        shown(path): used
        for path in python_files(folder)
        if (used := uses(path.read_text(encoding="utf-8"), forbidden))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("import datetime\ndatetime.datetime.now()", "datetime.datetime.now"),
        ("import datetime as dt\ndt.datetime.now(dt.UTC)", "datetime.datetime.now"),
        ("from datetime import datetime as clock\nclock.utcnow()", "datetime.datetime.utcnow"),
        ("from datetime import date\nfield(default_factory=date.today)", "datetime.date.today"),
        ("from time import time as stamp\nstamp()", "time.time"),
        ("import time\ntime.time_ns()", "time.time_ns"),
        ("import os.path\nos.environ['RADAP_DB']", "os.environ"),
        ("def zone():\n    from os import getenv; return getenv('TZ')", "os.getenv"),
    ],
)
def test_a_clock_or_the_environment_would_be_found(source, name):
    assert uses(source, CLOCK_AND_ENVIRONMENT) == [(2, name)]


@pytest.mark.parametrize(
    "source",
    [
        "from sqlalchemy import func\nfunc.now()",  # the database's time, in which leases are kept
        "def plan(now):\n    return now.date()",
        "import time\ntime.monotonic()",
    ],
)
def test_time_that_is_handed_in_is_no_clock(source):
    assert uses(source, CLOCK_AND_ENVIRONMENT) == []


# --- the house -----------------------------------------------------------------------------------------


def strangers(source: str) -> set[str]:
    """Packages that a file of the engine imports and should not."""
    allowed = sys.stdlib_module_names | {"engine", "transitions"}
    tops = {name.partition(".")[0] for name in imports(source)}
    return tops - allowed


def imports(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield str(node.module)


def test_engine_imports_the_standard_library_and_transitions_only():
    found = {shown(path): strangers(path.read_text(encoding="utf-8")) for path in python_files("engine")}
    assert {path: names for path, names in found.items() if names} == {}


def test_a_stranger_in_the_engine_would_be_found():
    source = "import math\nfrom engine.levels import level_of\ndef f():\n    import numpy.linalg"
    assert strangers(source) == {"numpy"}


def test_every_room_of_the_house_is_under_contract():
    """A folder that import-linter does not know is one whose arrows nobody looks at."""
    rooms = sorted(room for room in HOUSE if python_files(room))
    settings = pyproject()["tool"]
    linter = settings["importlinter"]
    for_all = [contract for contract in linter["contracts"] if contract["name"].startswith("Only ")]
    assert rooms == sorted(linter["root_packages"])
    assert rooms == sorted(settings["uv"]["build-backend"]["module-name"])
    assert [sorted(contract["source_modules"]) for contract in for_all] == [rooms, rooms]


def test_no_python_lives_outside_the_house():
    python = [path.relative_to(ROOT) for path in source_files() if path.suffix == ".py"]
    for_others = Path(
        "docs/client/radap_client.py"
    )  # which is copied from there, and imports nothing of ours
    folders = {path.parts[0] for path in python if path != for_others}
    assert folders - {"tests", "benchmarks"} <= set(HOUSE)


@pytest.mark.parametrize(
    ("room", "line", "broken"),
    [
        ("engine/levels.py", "import sqlalchemy", "The engine knows"),
        ("engine/levels.py", "import transitions", "Only engine.machine"),
        ("engine/levels.py", "import storage", "cli > web"),
        ("storage/store.py", "import workflows", "cli > web"),
        ("workflows/catalogue.py", "import cli", "cli > web"),
        ("storage/store.py", "import apscheduler", "Only notifications.schedule"),
        ("engine/machine.py", "import transitions", None),
        ("cli/bootstrap.py", "import storage, workflows, engine", None),
    ],
)
def test_contracts_find_an_arrow_that_points_up(tmp_path, room, line, broken):
    for package in pyproject()["tool"]["importlinter"]["root_packages"]:
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / room).write_text(line + "\n", encoding="utf-8")
    linter = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    told = subprocess.run(linter, cwd=tmp_path, check=False, capture_output=True, text=True).stdout
    verdicts = re.findall(r"^(.+) (KEPT|BROKEN)\b", told, re.MULTILINE)
    assert len(verdicts) == 4, told
    assert [name[: len(broken or "")] for name, verdict in verdicts if verdict == "BROKEN"] == (
        [broken] if broken else []
    )


# --- every exception has its reason --------------------------------------------------------------------

DIRECTIVE = re.compile(r"#\s*(?:noqa|type:\s*ignore|pragma:|fmt:\s*(?:off|skip)|ruff:\s*noqa)\b")
DIRECTIVE_ITSELF = re.compile(
    r"#\s*(?:ruff:\s*)?noqa(?::\s*[A-Z]+\d+(?:[,\s]+[A-Z]+\d+)*)?"
    r"|#\s*type:\s*ignore(?:\[[\w, -]+\])?"
    r"|#\s*pragma:\s*no \w+"
    r"|#\s*fmt:\s*(?:off|skip)"
)
A_FEW_WORDS = re.compile(r"\w{2,}\W+\w{2,}")


def silent_exceptions(source: str) -> list[int]:
    """Lines of Python that switch a check off and do not say why beside it."""
    comments = [
        token
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT and DIRECTIVE.search(token.string)
    ]
    return [
        token.start[0] for token in comments if not A_FEW_WORDS.search(DIRECTIVE_ITSELF.sub("", token.string))
    ]


def silent_settings(text: str) -> list[str]:
    """Exceptions in pyproject.toml that do not say why: a code on its line, types in their block."""
    beside_select = re.sub(r"^select = \[$.*?^\]$", "", text, flags=re.MULTILINE | re.DOTALL)
    lines = re.findall(r'^\s*"(?:[A-Z]+\d*|ignore:.*)",.*$', beside_select, re.MULTILINE)
    blocks = [block for block in text.split("\n\n") if block.startswith("[[tool.mypy.overrides]]")]
    return [exception for exception in lines + blocks if "# " not in exception]


def test_every_exception_in_the_code_says_why():
    found = {
        shown(path): lines
        for path in source_files()
        if path.suffix == ".py" and (lines := silent_exceptions(path.read_text(encoding="utf-8")))
    }
    assert found == {}


def test_every_exception_in_the_settings_says_why():
    assert silent_settings((ROOT / "pyproject.toml").read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "comment", ["noqa", "noqa: S608", "noqa: S608, E501", "type: ignore[misc]", "fmt: off", "noqa: S608 ok"]
)
def test_a_silent_exception_would_be_found(comment):
    assert silent_exceptions(f"x = 1\ny = 2  # {comment}\n") == [2]


@pytest.mark.parametrize(
    "comment",
    [
        "noqa: S608 - names come from tables.py, never from people",
        "type: ignore[misc]  # the library declares no return type",
    ],
)
def test_an_exception_with_its_reason_is_fine(comment):
    assert silent_exceptions(f"y = 2  # {comment}\n") == []


@pytest.mark.parametrize(
    "text",
    [
        'ignore = [\n    "E501",\n]',
        'select = [\n    "E",\n]\n"tests/**" = [\n    "S",\n]',
        'filterwarnings = [\n    "error",\n    "ignore::ResourceWarning",\n]',
        '[[tool.mypy.overrides]]\nmodule = "babel.*"\nignore_missing_imports = true',
    ],
)
def test_a_silent_setting_would_be_found(text):
    assert len(silent_settings(text)) == 1
    assert silent_settings(re.sub(r"(,|true)$", r"\1  # there is a reason", text, flags=re.MULTILINE)) == []


# --- the databases that tests run on -------------------------------------------------------------------


def test_database_url_is_an_empty_database_of_the_tests_own(database_url):
    """Run twice on each kind, in any order: what one test leaves behind, no other finds."""
    engine = sqlalchemy.create_engine(database_url)
    with engine.begin() as connection:
        assert sqlalchemy.inspect(connection).get_table_names() == []
        connection.execute(sqlalchemy.text("CREATE TABLE left_behind (id INTEGER PRIMARY KEY)"))
    engine.dispose()


test_database_url_again = test_database_url_is_an_empty_database_of_the_tests_own


def test_postgres_copies_a_template(postgres):
    template = postgres.create()
    with psycopg.connect(plain(template)) as connection:
        connection.execute("CREATE TABLE milestones AS SELECT 5 AS level")
    copy = postgres.create(template)
    with psycopg.connect(plain(copy)) as connection:
        assert connection.execute("SELECT level FROM milestones").fetchall() == [(5,)]
    postgres.drop(copy)
    postgres.drop(template)
