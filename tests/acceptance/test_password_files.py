"""Passwords that are in files alone: the parts that read no settings of their own find them, too."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import inspect

from models.session import open_database
from support.command_line import finished
from support.pages import page
from support.waiting import eventually

ROOT = Path(__file__).resolve().parents[2]


def test_a_migration_finds_its_database_by_a_file(tmp_path: Path) -> None:
    """As the container that migrates does."""
    url = f"sqlite:///{tmp_path / 'jobs.sqlite3'}"
    (tmp_path / "url").write_text(f"{url}\n")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("MMQ_")}
    command = [sys.executable, "-m", "alembic", "upgrade", "head"]
    environ["MMQ_DATABASE_URL_FILE"] = str(tmp_path / "url")
    subprocess.run(command, cwd=ROOT, env=environ, check=True, capture_output=True)
    database = open_database(url)
    assert "jobs" in inspect(database).get_table_names()
    database.dispose()


def test_flower_takes_its_password_from_a_file(place: Callable[..., tuple], tmp_path: Path) -> None:
    """It is in the environment of no process that others may look at; a file that is not there starts nothing."""
    mmq, _ = place()
    file = tmp_path / "auth"
    assert mmq.run("flower", MMQ_FLOWER_BASIC_AUTH_FILE=str(file)).returncode == 2
    file.write_text("me:marked-password\n")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = mmq.start("flower", "--port", str(port), MMQ_FLOWER_BASIC_AUTH_FILE=str(file))
    try:
        url = f"http://127.0.0.1:{port}"
        eventually(lambda: page(f"{url}/healthcheck").status == 200)
        assert [page(f"{url}/workers", word).status for word in ("", "me:marked-password")] == [401, 200]
        assert b"marked-password" not in Path(f"/proc/{process.pid}/environ").read_bytes()
    finally:
        process.terminate()
        stopped = finished(process)
    assert "marked-password" not in stopped.stderr + stopped.stdout
