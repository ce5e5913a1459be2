"""The first moments of the command, in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

INTERRUPTED = """
import os, signal, sys

class CtrlC:
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[2]:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, CtrlC())
from mmq.cli.main import main
main()
"""


@pytest.mark.parametrize("module", ["typer", "mmq.cli.results", "mmq.cli.demo", "mmq.cli.failure"])
def test_an_interrupt_while_modules_load_ends_in_silence(module: str) -> None:
    """Whoever thinks better of it at once sees no traceback; exit 130, as later."""
    command = [sys.executable, "-c", INTERRUPTED, "status", module]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")
