"""The moments at which one process may send what it was granted: waiting for them, losing them, and missing them."""

from __future__ import annotations

import asyncio

from worker.admission.lead import Lead
from worker.admission.reservation import Reservation

#: A call sent so much later than is usual puts the later ones off, by all of that, not by what is beyond: HEADROOM
#: forgives 15 ms in a window of a second, and the way to the provider needs the other half.
LATE_S = 0.008
#: How much of what is usual the last call makes up. Where each call opens a connection, all are late alike and none
#: comes too close to another: after 10 calls nine tenths of it are usual.
NEWEST = 0.2
#: And by so much at most: for a process that was frozen for a minute the cluster must not stand still for another.
LATEST_S = 1.0
#: What opening a connection may put off where nobody knows that the provider counts by the second. From afar that takes
#: 0.2 s: put off by all of it, two new connections in a hundred calls would cost 7 % of a rate that is counted by the
#: minute, which forgives it; put off by none, those nearby would already be refused by the second.
CONNECTING_S = 0.02


class Moments:
    """Of one budget. `late_us` and `lead_us` go with each question; the questions are numbered from 1."""

    def __init__(self, ahead_s: float) -> None:
        self.late_us = 0  #: the shift of the schedule that the calls sent late require
        self.question = 0  #: the number of the one put last
        self._lead = Lead(ahead_s)
        self._usual_s = 0.0  # how long after their moments calls go out
        self._closed_at = 0  # the question put last when the gate was last heard to close
        self._closed = asyncio.Event()

    @property
    def lead_us(self) -> int:
        """How long before its moment a call of this process is to be granted."""
        return int(self._lead.seconds * 1e6)

    def ready(self, reservation: Reservation) -> None:
        """Take note that all is done that must be done between the grant and the call."""
        self._lead.took(asyncio.get_running_loop().time() - reservation.granted_at)

    async def come(self, reservation: Reservation, question: int) -> bool:
        """Wait for the moment and say whether it has come; the gate may close before.

        What a question brought that was put before the gate closed is lost, also if it was answered after that.
        """
        closed = self._closed
        delay = reservation.send_at - asyncio.get_running_loop().time()
        if question > self._closed_at and delay > 0:
            try:
                async with asyncio.timeout(delay):
                    await closed.wait()
            except TimeoutError:
                pass
        return question > self._closed_at

    def close(self) -> None:
        """The gate has closed: what is granted and not sent yet must wait anew, also by a question still under way."""
        self._closed_at = self.question
        self._closed.set()
        self._closed = asyncio.Event()

    def sent(self, reservation: Reservation, connecting_s: float, *, by_second: bool) -> bool:
        """Take note that a call goes out now; return whether that is late and others should hear of it at once.

        `connecting_s` of its lateness went by while its connection opened; `by_second`: the provider refused by that.

        A call that was granted when it might go at once stands before an idle schedule: the next question is soon
        enough.
        """
        passed_s = min(asyncio.get_running_loop().time() - reservation.send_at, LATEST_S)
        late_s = passed_s - self._usual_s
        self._usual_s += NEWEST * late_s
        if not by_second:
            late_s -= max(0.0, connecting_s - CONNECTING_S)
        if late_s <= LATE_S:
            return False
        self.late_us = max(self.late_us, reservation.shift_us + int(late_s * 1e6))
        return reservation.send_at > reservation.granted_at

    def begin_anew(self) -> None:
        """Forget what was late: Redis has, too."""
        self.late_us = 0
