"""A call finds its account: what happens while accounts are paused and opened."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from models import pause
from worker.admission.keys import BudgetKey
from worker.recording.record import Recorder
from worker.routing.desk import Desk, Grant
from worker.routing.pauses import Pauses
from worker.routing.routes import AllPaused, Routes
from worker.telemetry import Telemetry

PAUSED = SimpleNamespace(kind=pause.ACCOUNT, name="main", probe_at=None)


@dataclass
class Rows:
    """A recorder whose database shows these rows, one look after the other."""

    looks: list[Sequence[Any]]

    async def submit(self, _statement: object) -> Sequence[Any]:
        return self.looks.pop(0)


@dataclass
class Account:
    """A desk that grants at once."""

    name: str = "main"
    payer: Any = field(default_factory=lambda: SimpleNamespace(serves=lambda _model: True))

    async def ask(self, _model: str, **_: Any) -> Any:
        return SimpleNamespace(desk=self)


def acquire(*looks: Sequence[Any]) -> Any:
    """Ask for a call at an account that is known to be paused; each look at the database shows the next rows."""

    async def ask() -> Any:
        pauses = Pauses(cast("Recorder", Rows(list(looks))), cast("Telemetry", None))
        pauses.see([PAUSED])
        routes = Routes([cast("Desk", Account())], pauses)
        return await routes.acquire("M", lane="default", tokens=1, on_wait=lambda _wait: None)

    return asyncio.run(ask())


def test_an_account_that_was_opened_is_used() -> None:
    """The database is asked before a job is sent back."""
    assert acquire([]).desk.name == "main"


def test_a_job_of_an_account_opened_just_now_is_not_sent_away_for_minutes() -> None:
    """What is read is what decides: a later look, which shows it open, must not say when to come back."""
    with pytest.raises(AllPaused) as sent_back:
        acquire([PAUSED], [])
    assert sent_back.value.until is None


@dataclass
class Leave:
    """A grant that at its moment is itself, or another that it waited anew for."""

    desk: Account
    instead: Leave | None = None
    released: bool = False
    reservation: Any = field(default_factory=lambda: SimpleNamespace(budget=BudgetKey("main", "M")))

    async def moment(self) -> Leave:
        return self.instead or self

    async def release(self) -> None:
        self.released = True


def moment(leave: Leave, *, paused: bool) -> Any:
    """Wait for the moment of a leave of an account that is paused by then, or not."""

    async def wait() -> Any:
        pauses = Pauses(cast("Recorder", Rows([])), cast("Telemetry", None))
        pauses.see([PAUSED] if paused else [])
        return await Routes([cast("Desk", leave.desk)], pauses).moment(cast("Grant", leave))

    return asyncio.run(wait())


def test_a_call_that_waited_anew_is_not_sent_by_an_account_paused_meanwhile() -> None:
    """Its key was found wrong behind the closed gate: the leave is given back, and the job goes back to the queue."""
    again = Leave(Account())
    with pytest.raises(AllPaused) as sent_back:
        moment(Leave(Account(), again), paused=True)
    assert (sent_back.value.accounts, again.released) == (["main"], True)


@pytest.mark.parametrize("paused", [True, False])
def test_a_call_that_comes_to_its_moment_at_once_is_sent(paused: bool) -> None:
    """Also by a paused account: it is the one that tries it."""
    leave = Leave(Account())
    assert moment(leave, paused=paused) is leave
    assert not leave.released


def test_a_call_that_waited_anew_is_sent_by_an_open_account() -> None:
    """By the leave that it has now."""
    again = Leave(Account())
    assert moment(Leave(Account(), again), paused=False) is again
