"""What becomes of a job when an attempt ends: one small value for each possibility, which knows how to write itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from models import transitions
from models.state import Edge
from models.transitions import Failure, Hold


@dataclass(frozen=True, slots=True)
class Succeeded:
    """Answered. Written by the recorder together with all others of its group."""

    hold: Hold


@dataclass(frozen=True, slots=True)
class Held:
    """The job stays with us: another attempt follows here."""

    hold: Hold

    def write(self, _connection: Connection, _now: datetime) -> bool:
        """Write nothing: only the attempt changes."""
        return True


@dataclass(frozen=True, slots=True)
class Failed:
    """Over, without an answer."""

    hold: Hold
    failure: Failure

    def write(self, connection: Connection, now: datetime) -> bool:
        """Fail the job. False if it was no longer held."""
        return transitions.fail(connection, self.hold, self.failure, now)


@dataclass(frozen=True, slots=True)
class HandedBack:
    """Back into its lane, by `RETRY`, `SNOOZE` or `RELEASE`, not before `run_at`."""

    hold: Hold
    edge: Edge
    run_at: datetime | None = None

    def write(self, connection: Connection, now: datetime) -> bool:
        """Queue the job again. False if it was no longer held."""
        return transitions.hand_back(connection, self.edge, self.hold, self.run_at, now)


@dataclass(frozen=True, slots=True)
class Expired:
    """Its deadline passed while it waited."""

    hold: Hold

    def write(self, connection: Connection, now: datetime) -> bool:
        """Expire the job. False if it was no longer held."""
        return transitions.expire(connection, self.hold, now)


Ending = Succeeded | Held | Failed | HandedBack | Expired
