"""Whether a server's clock agrees with ours: deadlines and records are moments that several machines compare.

Leases are not among them: they are written and judged by PostgreSQL's clock alone, as gates are by Redis's.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from mmq.doctor.check import Check, ok, warn

NOTICEABLE = timedelta(seconds=2)
NTP = "let both machines keep their clocks by NTP"


def compare(whose: str, theirs: datetime, before: datetime, after: datetime) -> Check:
    """Compare a server's time with ours before and after it was asked; in between there is no telling."""
    skew = max(theirs - after, before - theirs, timedelta(0))
    name = f"clock of {whose}"
    if skew < NOTICEABLE:
        return ok(name, "agrees with ours")
    found = f"is {skew.total_seconds():.1f} s {'ahead of' if theirs > after else 'behind'} ours"
    return warn(name, f"{found}: deadlines, and the moments on record, are off by as much", NTP)
