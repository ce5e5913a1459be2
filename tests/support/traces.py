"""Everything that a run leaves behind or shows, by the place where it is found, and a search through it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

import redis
from sqlalchemy import Engine, text


def found(words: Iterable[str], places: Mapping[str, bytes | str]) -> list[tuple[str, str]]:
    """Which word is in which place."""
    read = {name: data if isinstance(data, bytes) else data.encode() for name, data in places.items()}
    return [(word, name) for word in words for name, data in read.items() if word.encode() in data]


def arguments() -> str:
    """The command lines of all processes."""
    return subprocess.run(["ps", "-A", "-ww", "-o", "args="], capture_output=True, text=True, check=True).stdout


def files(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def texts(place: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files in which the texts of people have no business: all but the database, the input and the results."""
    return {name: data for name, data in place.items() if not ("sqlite" in name or name.endswith((".txt", ".jsonl")))}


def kept(unix_socket: str, password: str = "") -> dict[str, bytes]:
    """All keys of a Redis with their values."""
    with redis.Redis(unix_socket_path=unix_socket, password=password or None) as client:
        client.config_set("rdbcompression", "no")
        return {f"redis {key!r}": key + (client.dump(key) or b"") for key in client.scan_iter()}


def spoken(said: Mapping[str, subprocess.CompletedProcess[str]]) -> dict[str, str]:
    """What commands printed."""
    return {command: done.stdout + done.stderr for command, done in said.items()}


def rows(database: Engine) -> dict[str, str]:
    """All rows of all tables."""
    with database.connect() as connection:
        tables = ("batches", "jobs", "attempts", "workers", "pauses")
        return {name: str(connection.execute(text(f"SELECT * FROM {name}")).all()) for name in tables}
