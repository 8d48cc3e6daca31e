"""The types agree, as mypy reads them."""

import subprocess
import sys
from pathlib import Path


def test_types_agree():
    """A test, for one core is busy with it for half a minute while the others go on."""
    mypy = [sys.executable, "-m", "mypy"]
    found = subprocess.run(mypy, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
