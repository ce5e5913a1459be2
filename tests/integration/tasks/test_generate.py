"""What becomes of a `minimax.generate` message, the only copy of its prompt, when its worker is in trouble."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from celery.signals import worker_ready
from sqlalchemy import Engine

from models import queries
from models.session import reading
from tasks import generate


@pytest.fixture
def anew() -> Iterator[None]:
    """A process that has read no settings yet, and keeps none for the next test."""
    generate._place.cache_clear()
    yield
    generate._place().entrance.database.dispose()
    generate._place.cache_clear()


@pytest.mark.usefixtures("anew")
def test_a_file_broken_after_the_start_costs_no_message(
    database: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker goes by the settings that it started with, also for its first message."""
    file = tmp_path / "mmq.toml"
    file.write_text("")
    monkeypatch.setenv("MMQ_HOME", str(tmp_path))
    monkeypatch.setenv("MMQ_CONFIG", str(file))
    monkeypatch.setenv("MMQ_DATABASE_URL", database.url.render_as_string(hide_password=False))
    worker_ready.send(sender=None)
    file.write_text("this is no TOML")
    generate.generate.apply(kwargs={}, task_id="task-1")  # neither prompt nor messages: refused, and kept as that
    with reading(database) as connection:
        job = queries.job(connection, "task-1")
    assert job is not None
    assert (job.state, job.error_code) == ("failed", "invalid_request")
