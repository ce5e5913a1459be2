"""Whether a server's clock agrees with ours: leases and gates are moments that several machines compare."""

from __future__ import annotations

from datetime import datetime, timedelta

from mmq.doctor.check import Check, fail, ok, warn
from worker.recording.lease import LEASE

NOTICEABLE = timedelta(seconds=2)
NTP = "let both machines keep their clocks by NTP"


def compare(whose: str, theirs: datetime, before: datetime, after: datetime) -> Check:
    """Compare a server's time with ours before and after it was asked; in between there is no telling."""
    skew = max(theirs - after, before - theirs, timedelta(0))
    name = f"clock of {whose}"
    if skew < NOTICEABLE:
        return ok(name, "agrees with ours")
    found = f"is {skew.total_seconds():.1f} s {'ahead of' if theirs > after else 'behind'} ours"
    if skew < LEASE:
        return warn(name, found, NTP)
    return fail(name, f"{found}: living workers would be taken for dead", NTP)
