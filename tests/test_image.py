"""What the Dockerfile promises, read from its text."""

from __future__ import annotations

import fnmatch
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text()
IGNORED = (ROOT / ".dockerignore").read_text().splitlines()
LET_IN = [line[1:] for line in IGNORED if line.startswith("!")]


@pytest.mark.parametrize("path", [".env", "secrets/minimax_api_key", ".mmq/mmq.sqlite3", "answers.jsonl"])
def test_secrets_and_answers_stay_out_of_the_image(path: str) -> None:
    """Nothing enters the image but what is named, and no name covers a secret."""
    assert "*" in IGNORED
    assert not any(fnmatch.fnmatch(path.partition("/")[0], name) for name in LET_IN)


@pytest.mark.parametrize("path", [".env", "secrets/minimax_api_key", ".mmq/mmq.sqlite3"])
def test_secrets_stay_out_of_git(path: str) -> None:
    """What Compose reads secrets from is ignored."""
    assert subprocess.run(["git", "check-ignore", "-q", path], cwd=ROOT, check=False).returncode == 0


def test_the_image_copies_what_exists_and_leaves_the_rest() -> None:
    """What .dockerignore lets in is there, and holds the migrations, which belong to no wheel."""
    assert all((ROOT / path).exists() for path in LET_IN)
    assert {"migrations", "pyproject.toml", "models", "worker", "tasks", "mmq"} <= set(LET_IN)


def test_the_image_is_built_from_pinned_dependencies() -> None:
    """Every installation is held to constraints.txt, and both stages run one Python."""
    installs = re.findall(r"pip install ([^&\n]+)", DOCKERFILE)
    assert installs
    assert all("-c constraints.txt" in install for install in installs)
    assert len(set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE))) == 1
