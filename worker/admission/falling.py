"""What a refusal makes of a limit. `learning` tells how it grows again, and the Lua scripts compute the same.

A refusal is a measurement: what the provider had let through just before it is its limit, whatever was told. It may
count by the second or by the minute, so both counts are taken. But a refusal far below what was let through without
complaint measures nothing: it may come from a fault or another program. It closes the gate like any other, and is
believed only when the next two come at the same count, as they do at a limit and hardly ever by chance.
"""

from __future__ import annotations

from dataclasses import replace

from worker.admission.learning import BRIEF_HOLD_US, FIRST_HOLD_US, MOST_HOLDS, Learned, Seen, first_hold_us

#: A second's count this near to the limit says only that the limit is slightly too high; a minute's is exact.
TELLING = 0.97
MINUTE_TELLING = 0.9
SLIGHTLY = 0.97
#: A second counted at the first refusal may hold a call too many: so much of it is used.
CAUTION = 0.99
#: While a limit is held, refusals near it take it down to so much of where it was found, or by a call if that is more.
LEAST_HELD = 0.94
#: So many refusals in a row at the count of the one before are believed.
AGREED = 2
#: And so many that stand near the limit while it is held: one by itself is the network's doing.
NEAR_AGREED = 4
#: After so many the limit is settled: it no longer hastens back.
SETTLED = 32
#: The same count: within so many calls, or such a share; of a minute, within such a share.
SAME_CALLS = 1.25
SAME_COUNT = 0.02
SAME_MINUTE = 0.01
#: Refusals without an answer between them, of a limit counted by the minute; where its count stands; where it does not.
UNANSWERED_MINUTE = 1
UNANSWERED_SAME = 2
UNANSWERED = 3
#: The gates of so many take 61 s: a window of a minute has emptied meanwhile, and what is refused still is no rate.
DRAINED = 6
#: The minute before the first refusal held so many times the second: more than that had been let through before.
PROVEN = 3
#: Limits within this share of each other are the same, found again.
SAME = 0.05
#: Fewer calls in the second before a refusal, or in flight at it, say little about the limit.
FEWEST = 3
#: Then it keeps at least so much: one odd 1002 must not leave us one call a minute.
LEAST_SHARE = 0.5


def fall(learned: Learned, seen: Seen) -> Learned:
    """Return a rate after a refused call. Without any count to go by a limit that was never told stays unknown.

    Told 2,400 a minute and refused after 20 calls within the first second: 1,188, by the second. Held at 1,200 and
    refused after 10 calls in the second: 1,200, and again, and at the third time 600. Left, and refused at 1,224, or at
    2,054, with 20 calls in the second before, as at the last refusals: 1,200, held twice as long. Refused four times at
    the same count near 1,200 while it is held: 1,164, and never below 1,128 before the hold is over. A provider that
    refuses everything for an hour teaches no more after the sixth refusal in a row.
    """
    limit = learned.value or seen.told
    window_s, observed = _observed(learned, seen)
    if learned.value == 0 or learned.top == 0:
        return _found(learned, seen, limit, window_s, observed)
    unanswered = _unanswered(learned, seen)
    agreed = learned.agreed + 1 if _same(learned, seen, window_s) else 0.0
    probed = agreed > AGREED and learned.age_us >= learned.hold_us and _near(seen, learned.top, window_s, observed)
    at_limit = _near(seen, limit, window_s, observed)
    near = probed or at_limit
    noted = replace(learned, second=seen.second, minute=seen.minute, agreed=agreed)
    other_window = window_s == 60 and learned.window_s == 1
    doubtful = other_window or ((not near or limit < learned.earlier) and agreed < AGREED)
    unmeasured = (doubtful and not unanswered) or seen.again >= DRAINED
    if unmeasured or (near and seen.again and (window_s == 1 or observed >= limit)):
        return noted
    if not near:
        if window_s == 1 and agreed:
            observed = min(observed, 60 * learned.second)
        value = max(observed, _least(limit, seen.calls))
        return _fallen(noted, value, max(learned.earlier, limit) if window_s == 1 else 0.0, window_s)
    slightly = max(1.0, observed if window_s == 60 and observed < limit else SLIGHTLY * limit)
    if learned.age_us >= learned.hold_us:
        back = min(learned.top, limit)
        return _fallen(noted, max(slightly, back) if at_limit else back, learned.earlier, window_s)
    if window_s == 1 and agreed < NEAR_AGREED:
        return noted
    least = min(LEAST_HELD, seen.calls / (seen.calls + 1)) * learned.top
    return replace(noted, value=min(limit, max(slightly, least)))


def press(learned: Learned, seen: Seen) -> Learned:
    """Return a rate after a further refusal of calls under way with one that taught: the least count holds."""
    observed = 60 * seen.second if learned.window_s == 1 else seen.minute
    if learned.age_us == 0 and seen.calls >= FEWEST and 0 < observed < learned.value:
        return replace(learned, value=max(observed, 1.0), top=max(observed, 1.0))
    return learned


def fall_at_once(learned: Learned, seen: Seen) -> Learned:
    """Return a concurrency after a refused call: what was in flight before it, or one less than the limit.

    Told 20 and refused with 10 under way: 10. Refused at 10 with 10 under way: 9. A further refusal without an answer
    in between, with a call or two beside it, says nothing.
    """
    limit, in_flight = learned.value or seen.told, seen.minute
    if learned.top > 0 and seen.again > 0 and in_flight < FEWEST:
        return learned
    if in_flight >= 1 and (limit == 0 or in_flight < limit):
        value = in_flight
    elif limit == 0:
        return learned
    else:
        value = limit if seen.again else limit - 1
    value = max(value, _least(limit, in_flight))
    return Learned(value, value, 0.0, _hold_us(learned, value, again=seen.again > 0))


def press_at_once(learned: Learned, seen: Seen) -> Learned:
    """Return a concurrency after a further refusal of calls under way when the gate closed."""
    fell = FEWEST <= seen.minute < learned.value
    return replace(learned, value=seen.minute, top=seen.minute) if fell else learned


def _found(learned: Learned, seen: Seen, limit: float, window_s: float, observed: float) -> Learned:
    """The first refusal of all is believed, unless more had been let through before it."""
    earlier, agreed = 0.0, float(AGREED)
    if limit == 0 and observed <= 0:
        return learned
    if limit == 0:
        value = observed
    elif _near(seen, limit, window_s, observed):
        value = SLIGHTLY * limit
    elif window_s == 1 and seen.minute > PROVEN * seen.second:
        value, agreed = limit, 0.0
    elif window_s == 1:
        value, earlier = CAUTION * observed, limit
    else:
        value = observed
    if value < _least(limit, seen.calls):  # nothing was measured, no window either
        value, earlier, window_s = _least(limit, seen.calls), limit, 1.0
    hold_us = first_hold_us(window_s)
    return Learned(value, value, 0.0, hold_us, seen.second, seen.minute, window_s, earlier, agreed)


def _fallen(noted: Learned, value: float, earlier: float, window_s: float) -> Learned:
    earlier = earlier if noted.agreed < SETTLED else 0.0
    first_us = BRIEF_HOLD_US if earlier > value else first_hold_us(window_s)
    hold_us = first_us
    if abs(value - noted.top) <= SAME * noted.top:
        found_again = noted.age_us >= noted.hold_us
        hold_us = min(2 * noted.hold_us, MOST_HOLDS * first_us) if found_again else noted.hold_us
    agreed = max(noted.agreed, AGREED)  # the same place once more is believed at once
    return Learned(value, value, 0.0, hold_us, noted.second, noted.minute, window_s, earlier, agreed)


def _hold_us(learned: Learned, value: float, *, again: bool) -> float:
    if again:
        return max(learned.hold_us, FIRST_HOLD_US)
    same = abs(value - learned.top) <= SAME * learned.top
    if same and learned.age_us >= learned.hold_us:
        return min(2 * learned.hold_us, MOST_HOLDS * FIRST_HOLD_US)
    return FIRST_HOLD_US


def _observed(learned: Learned, seen: Seen) -> tuple[float, float]:
    """Return the window that the refusal speaks of, in seconds, and what it lets through in a minute.

    At the first refusal that is the larger rate. Later a window of a minute shows itself by refusals without an answer
    between them, at the same count.
    """
    by_second = 60 * seen.second
    if learned.top == 0:
        second = by_second >= seen.minute
    elif learned.window_s == 60:
        second = _same_second(learned, seen) and not _same_minute(learned, seen)
    else:
        second = seen.again == 0 or not _same_minute(learned, seen)
    if second and seen.calls >= FEWEST and by_second > 0:
        return 1.0, by_second
    return 60.0, seen.minute


def _near(seen: Seen, limit: float, window_s: float, observed: float) -> bool:
    # A call more or less at the edge of a second is many in a minute; at the edge of a minute it is one.
    if window_s == 1:
        return observed * (1 + 1 / seen.calls) >= TELLING * limit
    return observed >= MINUTE_TELLING * limit


def _unanswered(learned: Learned, seen: Seen) -> bool:
    enough = UNANSWERED_SAME if _same_minute(learned, seen) else UNANSWERED
    return seen.again >= (UNANSWERED_MINUTE if learned.window_s == 60 else enough)


def _same(learned: Learned, seen: Seen, window_s: float) -> bool:
    if window_s == 1:
        return _same_second(learned, seen)
    return learned.window_s == 60 and _same_minute(learned, seen)


def _same_second(learned: Learned, seen: Seen) -> bool:
    apart = abs(seen.second - learned.second)
    return apart <= SAME_COUNT * seen.second or apart * seen.calls <= SAME_CALLS * seen.second


def _same_minute(learned: Learned, seen: Seen) -> bool:
    return abs(seen.minute - learned.minute) <= SAME_MINUTE * max(learned.minute, seen.minute)


def _least(limit: float, evidence: float) -> float:
    return max(1.0, LEAST_SHARE * limit) if evidence < FEWEST else 1.0
