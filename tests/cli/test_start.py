"""What a command reads before it does anything: who asks for a level does not wait for the whole house."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

from tests.cli.conftest import CODE

#: Runs the command, and tells which modules were read for it.
SCRIPT = """
import sys
from cli.main import main
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""
#: What takes long to be read, and is of no use to those who look at an indicator or record a fact.
STRANGERS = {
    "alembic",
    "apscheduler",
    "engine.pages.reading",
    "engine.prose.dates",
    "holidays",
    "jinja2",
    "notifications.delivery",
    "starlette",
    "storage.desk",
    "uvicorn",
    "web.site",
    "zxcvbn",
}


@pytest.mark.parametrize(
    "words",
    [("level", CODE), ("record", CODE, "meetings_held", "--on", "2021-05-18", "--document", "2/2564")],
    ids=lambda words: words[0],
)
def test_command_reads_nothing_that_it_has_no_use_for(radap, words):
    command = [sys.executable, "-c", SCRIPT, *words, "--db", radap.url]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    read = set(done.stderr.split())
    assert {"cli.desk", "storage.store"} <= read
    assert read & STRANGERS == set()


def test_strangers_could_be_read():
    """No name is mistyped: it would never be found."""
    assert {name for name in STRANGERS if find_spec(name) is None} == set()
