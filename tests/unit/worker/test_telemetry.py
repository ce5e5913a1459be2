"""What becomes of events when their way to the broker breaks."""

from __future__ import annotations

import threading
from typing import Any

from worker.telemetry import Telemetry


class Wire:
    """A connection to the broker, which breaks at its first use or holds."""

    def __init__(self, *, broken: bool) -> None:
        self.broken, self.closed = broken, threading.Event()
        self.sent: list[str] = []
        self.flushed = threading.Event()

    def send(self, kind: str, **fields: Any) -> None:
        """Hold an event."""
        assert kind == "task-started"
        self.sent.append(fields["uuid"])

    def flush(self) -> None:
        """Send, unless it is broken."""
        if self.broken:
            raise ConnectionResetError
        if self.sent:
            self.flushed.set()

    def close(self) -> None:
        """Close."""
        self.closed.set()


def test_events_go_on_over_a_new_connection_when_one_broke() -> None:
    """The broken one is closed, and not tried again: RabbitMQ's would never hold again."""
    broken, whole = Wire(broken=True), Wire(broken=False)
    wires = iter([broken, whole])
    telemetry = Telemetry(lambda: next(wires))
    telemetry.started("job-1")
    telemetry.start()
    assert broken.closed.wait(timeout=60)
    telemetry.started("job-2")
    assert whole.flushed.wait(timeout=60)
    telemetry.close()
    assert whole.sent == ["job-2"]
    assert whole.closed.is_set()
