"""Every command and program that README and docs show is run, from the top of its page to the end."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmq.sandbox.config import SandboxConfig
from mmq.sandbox.thread import SandboxThread
from support.documents import PAGES, ROOT, blocks, title

RUN = ("sh", "sh serve", "python")
KINDS = {*RUN, "sh docker", "sh make", "json", "text"}
CHECKOUT = (".venv", "examples", "pyproject.toml", "migrations", ".env.example")
PAGE_LIMIT_S = 120

DOCKER = """#!/bin/sh
printf '%s\\n' "$*" >> calls
"""


@pytest.fixture(scope="module")
def minimax() -> Iterator[SandboxThread]:
    """A MiniMax that accepts the key that the pages show."""
    with SandboxThread(SandboxConfig.of(latency_ms=20, keys=[("your_api_key", "1000000001")])) as sandbox:
        yield sandbox


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkout as the reader has it, with prompts of one's own."""
    for name in CHECKOUT:
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / ".mmq").mkdir(mode=0o700)
    shutil.copy(ROOT / "examples" / "prompts.jsonl", tmp_path / "prompts.jsonl")
    return tmp_path


def script(page: Path) -> str:
    """What a reader does who follows a page to the letter."""
    lines = ["servers=()", "trap 'kill ${servers[@]} 2>/dev/null || true; wait || true' EXIT"]
    for block in blocks(page, *RUN):
        if block.kind == "sh serve":
            lines += [f"(exec {block.text.strip()}) & servers+=($!)"]
        elif block.kind == "python":
            lines += ["env python - <<'END_OF_PROGRAM'", block.text, "END_OF_PROGRAM"]
        else:
            lines += [block.text]
    return "\n".join(lines)


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, *RUN)], ids=title)
def test_a_page_does_what_it_shows(page: Path, folder: Path, minimax: SandboxThread) -> None:
    """Each command ends well, against the sandbox instead of MiniMax, whose address alone is set beforehand."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MMQ_", "MINIMAX_"))}
    environ |= {
        "PATH": f"{ROOT / '.venv' / 'bin'}:{environ['PATH']}",
        "MINIMAX_BASE_URL": minimax.base_url,
        "MINIMAX_API_KEY": "your_api_key",
        "MMQ_DATABASE_URL": f"sqlite:///{folder / '.mmq' / 'mmq.sqlite3'}",
    }
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script(page)],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=PAGE_LIMIT_S,
        check=False,
    )
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
    for written in folder.glob("*answers.jsonl"):
        assert all(json.loads(line)["response"]["status_code"] == 200 for line in written.read_text().splitlines())


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_no_block_escapes(page: Path) -> None:
    """Every code block says what kind it is, so that none goes unrun by mistake."""
    assert {block.kind for block in blocks(page)} <= KINDS


def docker_calls(folder: Path) -> list[str]:
    """Run what the pages show for Docker, with programs in place of docker and git that write down their arguments."""
    programs = folder / "programs"
    programs.mkdir()
    for name in ("docker", "git"):
        (programs / name).write_text(DOCKER)
        (programs / name).chmod(0o755)
    environ = {"PATH": f"{programs}:{os.environ['PATH']}"}
    for page in PAGES:
        for block in blocks(page, "sh docker"):
            subprocess.run(["bash", "-euo", "pipefail", "-c", block.text], cwd=folder, env=environ, check=True)
    return (folder / "calls").read_text().splitlines()


def test_the_way_to_docker_leads_there(folder: Path) -> None:
    """The shown commands fill .env and the key's file as Compose needs them, and call services that there are."""
    calls = [call.split() for call in docker_calls(folder) if call.startswith("compose")]
    assert not re.search(r"^\w+=$", (folder / ".env").read_text(), re.MULTILINE)
    assert stat.S_IMODE((folder / ".env").stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "secrets").stat().st_mode) == 0o700
    assert (folder / "secrets" / "minimax_api_key").read_text() == "your_api_key\n"
    services = re.findall(r"^  ([\w-]+):$", (ROOT / "docker-compose.yml").read_text(), re.MULTILINE)
    named = [
        next(word for word in call[2:] if not word.startswith("-")) for call in calls if call[1] in {"run", "exec"}
    ]
    assert named
    assert set(named) <= set(services)


@pytest.mark.parametrize(
    "target", sorted({line for page in PAGES for b in blocks(page, "sh make") for line in b.text.splitlines()})
)
def test_make_knows_what_is_shown(target: str) -> None:
    """What the pages have make do, it can."""
    assert re.fullmatch(r"make [a-z-]+", target)
    subprocess.run([*target.split(), "-n"], cwd=ROOT, check=True, capture_output=True)
