"""The version of this project before its newest migration, from the repository's own history, as processes."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from mmq.schema import ROOT
from models.session import reading
from support.waiting import eventually
from support.workers import Worker

LIMIT_S = 60.0  # generous: it is only reached when the test fails anyway


class NoHistory(Exception):
    """There is no earlier version here: no git, no checkout, or a shallow one."""


class Earlier:
    """A tree of an earlier version. Its commands run in it, so that Python finds its modules before ours."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        """Unpack it.

        Raises:
            NoHistory: there is none to be had; the text says why.
        """
        self.tree = folder
        with tarfile.open(fileobj=BytesIO(_git("archive", "--format=tar", _before_the_newest_migration()))) as archive:
            archive.extractall(folder, filter="data")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("MMQ_", "MINIMAX_"))}
        self._environ = {**inherited, **environ}

    def python(self, *arguments: str, stdin: str = "") -> str:
        """Run Python to its end, and return what it prints."""
        ended = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.tree,
            env=self._environ,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout.strip()

    def submit(self, *prompts: str, lane: str = "bulk") -> str:
        """Let its command submit prompts; return the batch's id."""
        lines = "".join(f"{prompt}\n" for prompt in prompts)
        return self.python("-m", "mmq.cli.main", "submit", "-", "--format", "txt", "--lane", lane, stdin=lines)

    @contextmanager
    def worker(self, database: Engine) -> Iterator[Worker]:
        """A worker process of it, up to its registration; killed at the end if it still runs."""
        log = self.tree / f"worker-{len([*self.tree.glob('worker-*.log')])}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "mmq.cli.main", "worker"],
                cwd=self.tree,
                env=self._environ,
                stdout=output,
                stderr=output,
            )
        worker = Worker(process, log)
        try:
            eventually(lambda: _registered(database, process.pid) or process.poll() is not None)
            assert process.poll() is None, worker.log
            yield worker
        finally:
            worker.kill()


def _registered(database: Engine, pid: int) -> bool:
    # Not by today's models, which may name columns that this database has yet to get.
    with reading(database) as connection:
        return bool(connection.scalar(text("SELECT count(*) FROM workers WHERE pid = :pid"), {"pid": pid}))


def _before_the_newest_migration() -> str:
    """Return the last commit whose newest migration is not today's; HEAD while today's is not committed."""
    scripts = ScriptDirectory.from_config(Config(toml_file=str(ROOT / "pyproject.toml")))
    newest = scripts.get_revision("head")
    assert newest is not None
    added = _git("log", "-1", "--diff-filter=A", "--format=%H", "--", newest.path).decode().strip()
    return _git("rev-parse", "--verify", f"{added}^" if added else "HEAD").decode().strip()


def _git(*arguments: str) -> bytes:
    try:
        return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=True).stdout
    except FileNotFoundError:
        raise NoHistory("git is not installed") from None
    except subprocess.CalledProcessError as exc:
        raise NoHistory(f"no earlier version in this checkout: {exc.stderr.decode(errors='replace').strip()}") from exc
