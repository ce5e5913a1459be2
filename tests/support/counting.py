"""Counts what does not depend on the machine: SQL statements and rows, transactions, Redis commands and bytes."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import redis
from sqlalchemy import Engine, event

WAITING = frozenset(
    {"blpop", "brpop", "ping", "info", "config", "client", "hello", "select"}
)  # of connections, not of jobs
MARK, END = "mark-", "the end"


@dataclass(slots=True)
class SqlCounts:
    """What went over all connections of this process, by verb and table (`INSERT attempts`, `SELECT jobs`).

    `rows` are parameter sets: one statement that is executed for 50 of them counts 50 there, and 1 in `statements`.
    """

    statements: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    commits: int = 0
    sent_bytes: int = 0  #: of the texts among the parameters

    @property
    def total(self) -> int:
        """All statements."""
        return self.statements.total()


def _text_bytes(parameters: Any) -> int:
    values = parameters.values() if isinstance(parameters, dict) else parameters or ()
    return sum(len(value) for value in values if isinstance(value, str | bytes))


def kind_of(statement: str) -> str:
    """Return a statement's verb and the table that it is about: the one written, else the first that is read."""
    written = re.search(r"\b(INSERT INTO|UPDATE|DELETE FROM)\s+(\w+)", statement)
    if written:
        return f"{written[1].split()[0]} {written[2]}"
    read = re.search(r"\bFROM\s+(\w+)", statement)
    return f"{statement.split(maxsplit=1)[0]} {read[1]}" if read else statement.split(maxsplit=1)[0]


@contextmanager
def counted_sql() -> Iterator[SqlCounts]:
    """Count until the block is left."""
    counts = SqlCounts()

    def executed(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, executemany: bool) -> None:
        kind = kind_of(statement)
        counts.statements[kind] += 1
        sets = parameters if executemany else [parameters]
        counts.rows[kind] += len(sets)
        counts.sent_bytes += sum(map(_text_bytes, sets))

    def committed(_connection: Any) -> None:
        counts.commits += 1

    event.listen(Engine, "before_cursor_execute", executed)
    event.listen(Engine, "commit", committed)
    try:
        yield counts
    finally:
        event.remove(Engine, "before_cursor_execute", executed)
        event.remove(Engine, "commit", committed)


@dataclass(frozen=True, slots=True)
class RedisCounts:
    """What clients asked for, without those that wait or greet; a script is one command, whatever it calls inside."""

    commands: Counter[str]
    received_bytes: int

    @property
    def total(self) -> int:
        """All commands."""
        return self.commands.total()


class RedisMonitor:
    """Listens to a server from `__enter__` on; `counts` tells what it has heard so far."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client = redis.Redis.from_url(url)
        self._heard: Counter[str] = Counter()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._ready = threading.Event()
        self._marks = 0
        self._reached = threading.Condition()

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        self._client.config_resetstat()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.echo(END)
        self._thread.join()
        self._client.close()

    def counts(self) -> RedisCounts:
        """Return the counts up to this moment. Bytes are those of every connection but the one that listens."""
        stats: dict[str, Any] = self._client.info("stats")
        mark, known = f"{MARK}{self._marks}", self._marks
        with self._reached:
            self._client.echo(mark)
            self._reached.wait_for(lambda: self._marks > known)
        return RedisCounts(self._heard.copy(), int(stats["total_net_input_bytes"]))

    def _listen(self) -> None:
        with redis.Redis.from_url(self._url) as client, client.monitor() as monitor:
            self._ready.set()
            for command in monitor.listen():
                name, _, argument = command["command"].partition(" ")
                if argument == END:
                    return
                if argument.startswith(MARK):
                    with self._reached:
                        self._marks += 1
                        self._reached.notify_all()
                elif command["client_type"] != "lua" and name.lower() not in WAITING:
                    self._heard[name.lower()] += 1
