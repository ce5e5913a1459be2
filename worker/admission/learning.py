"""What refusals teach about a limit that nobody knows exactly, as plain arithmetic; the Lua scripts compute the same.

A refusal is a measurement: what the provider had let through just before it is its limit, whatever was told. It may
count by the second or by the minute, so both counts are taken, and the one that agrees better with the refusal before
is believed. Each refusal costs the whole cluster a second or more. So a limit that was found is held for a while and
then left along a cubic curve: hardly at first, in great strides once the limit has evidently risen. A limit found
again at the same place is held twice as long.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace

FIGURES = 7  # of one dimension
#: Before the first refusal a limit without ceiling grows e-fold in so much time at the limit: doubled in 17 s.
GROWTH_US = 25_000_000
#: How long a limit is held that was found in a window of a second, and in one of a minute, which is slower to refuse.
FIRST_HOLD_US = 10_000_000
MINUTE_HOLD_US = 30_000_000
#: A limit found again at the same place is held up to so many times as long.
MOST_HOLDS = 8
#: Steepness of the curve: 2 % over the limit found one first hold after its hold, 16 % after two, 54 % after three;
#: however long its hold has become, so that a limit found again and again is followed as well when it rises.
BEND = 0.02
#: A second's count this near to the limit says only that the limit is slightly too high.
TELLING = 0.97
SLIGHTLY = 0.97
#: Refused again by the second before half the hold was over: the counts misled, and the limit is well below.
WELL_BELOW = 0.9
#: Limits within this share of each other are the same, found again.
SAME = 0.05
#: Fewer calls in the second before a refusal, or in flight at it, say little about the limit.
FEWEST = 3
#: Then it keeps at least so much: another program may share the account, and one odd 1002 must not leave us one call
#: a minute.
LEAST_SHARE = 0.5
#: A slope is a factor: how many times the calls of one stretch of 6 s the next may hold.
FIRST_SLOPE = 2.0
LEAST_SLOPE = 1.1
STEEPEST_SLOPE = 4.0
SLOPE_HOLD_US = 60_000_000


@dataclass(frozen=True, slots=True)
class Learned:
    """One dimension of one budget. All 0: nothing was learned, and what was configured or published holds."""

    value: float = 0.0  #: the limit: requests or tokens a minute, calls at once; for the slope its factor
    top: float = 0.0  #: where the last refusal put it, 0 before the first
    age_us: float = 0.0  #: time at the limit since then
    hold_us: float = 0.0  #: how long it stays there
    second: float = 0.0  #: what had gone out in the second before that refusal
    minute: float = 0.0  #: and in the minute
    window_s: float = 0.0  #: which of them was believed: 1 or 60


@dataclass(frozen=True, slots=True)
class Lessons:
    """What was learned of one budget."""

    requests: Learned = Learned()
    tokens: Learned = Learned()
    concurrency: Learned = Learned()
    slope: Learned = Learned()

    @classmethod
    def from_text(cls, text: str) -> Lessons:
        """Read what `text` wrote; an empty text is nothing learned."""
        numbers = [float(number) for number in text.split()]
        return cls(*(Learned(*numbers[at : at + FIGURES]) for at in range(0, len(numbers), FIGURES)))

    @property
    def text(self) -> str:
        """All figures in order, exactly, as Redis keeps them; empty if nothing was learned."""
        if self == Lessons():
            return ""
        return " ".join(f"{number:.17g}" for each in astuple(self) for number in each)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a refused call says: what had been granted just before it, in the unit of its dimension."""

    calls: float  #: in the second before, in calls
    second: float
    minute: float  #: of concurrency, the calls in flight
    told: float  #: the ceiling or the start of the dimension, 0 where it was not limited
    again: bool = False  #: the refusal before was followed by no answer yet


def grow(learned: Learned, elapsed_us: float, *, ceiling: float, start: float) -> Learned:
    """Return it after more time at the limit; never above the ceiling, where it is forgotten. 0 is no ceiling.

    From a start of 500 with no refusal: 1,000 after 17 s, 2,000 after 35 s. After a refusal at 1,200 with a hold of
    10 s: 1,200 for 10 s, 1,224 at 20 s, 1,392 at 30 s, 1,848 at 40 s.
    """
    value = learned.value
    if value == 0:
        if ceiling > 0 or start == 0:
            return learned
        value = start
    faster, age_us = value * (1 + elapsed_us / GROWTH_US), learned.age_us
    if learned.top == 0:
        value = faster
    else:
        age_us = age_us + elapsed_us
        beyond = (age_us - learned.hold_us) / _stride_us(learned.window_s)
        if beyond > 0:
            value = max(value, min(faster, learned.top * (1 + BEND * beyond * beyond * beyond)))
    if ceiling > 0 and value >= ceiling:
        return Learned()
    return replace(learned, value=value, age_us=age_us)


def fall(learned: Learned, seen: Seen) -> Learned:
    """Return a rate after a refused call. Without any count to go by a limit that was never told stays unknown.

    Told 2,400 a minute and refused after 20 calls within the first second: 1,200, by the second. Refused at 1,224 with
    20 calls in the second and 1,200 in the minute before: 1,187. Refused at 1,187 again within 5 s: 1,069.
    """
    window_s, observed = _observed(learned, seen)
    limit = learned.value or seen.told
    # A call more or less at the edge of a second is many in a minute; at the edge of a minute it is one.
    low, enough = (observed * (1 + 1 / seen.calls), TELLING * limit) if window_s == 1 else (observed, limit)
    if observed > 0 and (limit == 0 or low < enough):
        value = observed
    elif limit == 0:
        return learned
    elif seen.again:
        value = limit
    elif window_s == 1 and learned.top > 0 and learned.age_us < learned.hold_us / 2:
        value = WELL_BELOW * limit
    else:
        value = SLIGHTLY * limit
    value = max(value, _least(limit, seen.calls))
    hold_us = _hold_us(learned, value, MINUTE_HOLD_US if window_s == 60 else FIRST_HOLD_US, again=seen.again)
    return Learned(value, value, 0.0, hold_us, seen.second, seen.minute, window_s)


def press(learned: Learned, seen: Seen) -> Learned:
    """Return a rate after a further refusal of calls that were under way with the first: the least count holds."""
    observed = 60 * seen.second if learned.window_s == 1 else seen.minute
    if seen.calls >= FEWEST and 0 < observed < learned.value:
        return replace(learned, value=max(observed, 1.0), top=max(observed, 1.0))
    return learned


def fall_at_once(learned: Learned, seen: Seen) -> Learned:
    """Return a concurrency after a refused call: what was in flight before it, or one less than the limit.

    Told 20 and refused with 10 under way: 10. Refused at 10 with 10 under way: 9.
    """
    limit, in_flight = learned.value or seen.told, seen.minute
    if in_flight >= 1 and (limit == 0 or in_flight < limit):
        value = in_flight
    elif limit == 0:
        return learned
    else:
        value = limit if seen.again else limit - 1
    value = max(value, _least(limit, in_flight))
    return Learned(value, value, 0.0, _hold_us(learned, value, FIRST_HOLD_US, again=seen.again))


def press_at_once(learned: Learned, seen: Seen) -> Learned:
    """Return a concurrency after a further refusal of calls under way when the gate closed."""
    fell = FEWEST <= seen.minute < learned.value
    return replace(learned, value=seen.minute, top=seen.minute) if fell else learned


def flatten(learned: Learned) -> Learned:
    """Return the slope after a refusal for it: 2, 1.5, 1.25 and so on down to 1.1."""
    value = FIRST_SLOPE if learned.value == 0 else max(1 + (learned.value - 1) / 2, LEAST_SLOPE)
    return Learned(value=value)


def steepen(learned: Learned, elapsed_us: float) -> Learned:
    """Return the slope after more time without a refusal for it: each minute twice as steep, forgotten above 4."""
    if learned.value == 0:
        return learned
    age_us = learned.age_us + elapsed_us
    if age_us < SLOPE_HOLD_US:
        return replace(learned, age_us=age_us)
    value = 1 + 2 * (learned.value - 1)
    return Learned() if value > STEEPEST_SLOPE else Learned(value=value)


def _stride_us(window_s: float) -> float:
    return MINUTE_HOLD_US if window_s == 60 else FIRST_HOLD_US  # a concurrency has no window


def _least(limit: float, evidence: float) -> float:
    return max(1.0, LEAST_SHARE * limit) if evidence < FEWEST else 1.0


def _observed(learned: Learned, seen: Seen) -> tuple[float, float]:
    """Return the window that is believed, in seconds, and what it lets through in a minute."""
    by_second = 60 * seen.second
    if seen.calls < FEWEST or seen.second <= 0:
        return 60.0, seen.minute
    if learned.window_s > 0:
        believed = _apart(seen.second, learned.second) <= _apart(seen.minute, learned.minute)
    else:
        believed = by_second >= seen.minute
    return (1.0, by_second) if believed else (60.0, seen.minute)


def _apart(one: float, other: float) -> float:
    return max(one, other) / max(min(one, other), 1.0)


def _hold_us(learned: Learned, value: float, first_us: float, *, again: bool) -> float:
    if again:
        return max(learned.hold_us, first_us)
    same = abs(value - learned.top) <= SAME * learned.top
    if same and learned.age_us >= learned.hold_us:
        return min(2 * learned.hold_us, MOST_HOLDS * first_us)
    return first_us
