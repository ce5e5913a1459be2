"""What refusals teach about a limit that nobody knows exactly, as plain arithmetic; the Lua scripts compute the same.

Each refusal costs the whole cluster a second or more. So a limit that was found (see `falling`) is held for a while
and then left along a cubic curve: hardly at first, in great strides once the limit has evidently risen. A limit found
again at the same place is held twice as long. One that fell below what had been let through before is tried sooner:
another program may have left, and what went well for long is a good guess.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace

FIGURES, FURTHER = 7, 2  # of one dimension; the further ones stand after the others of all dimensions
#: Before the first refusal a limit without ceiling grows e-fold in so much time at the limit: doubled in 17 s. So does
#: one that was found and is left, at most.
GROWTH_US = 25_000_000
#: Back to where it was before it fell a limit grows e-fold in so much time at most.
RETURN_US = 5_000_000
#: How long a limit is held that was found in a window of a second, and in one of a minute, which is slower to refuse.
FIRST_HOLD_US = 15_000_000
MINUTE_HOLD_US = 30_000_000
#: And one that was found below what had been let through before.
BRIEF_HOLD_US = 3_000_000
#: A limit found again at the same place is held up to so many times as long.
MOST_HOLDS = 8
#: Steepness of the curve: 2 % over the limit found one stride after its hold, 16 % after two, 54 % after three.
#: A stride is as long as a first hold, but for a window of a second, which answers at once.
BEND = 0.02
SECOND_STRIDE_US = 2_000_000
#: A lesson that has grown to its ceiling is forgotten after so much time there.
FORGOTTEN_US = 60_000_000
#: A slope is a factor: how many times the calls of one stretch of 6 s the next may hold.
FIRST_SLOPE = 2.0
LEAST_SLOPE = 1.1
STEEPEST_SLOPE = 4.0
SLOPE_HOLD_US = 60_000_000


@dataclass(frozen=True, slots=True)
class Learned:
    """One dimension of one budget. All 0: nothing was learned, and what was configured or published holds."""

    value: float = 0.0  #: the limit: requests or tokens a minute, calls at once; for the slope its factor
    top: float = 0.0  #: where the last lesson put it, 0 before the first refusal
    age_us: float = 0.0  #: time at the limit since then
    hold_us: float = 0.0  #: how long it stays there
    second: float = 0.0  #: what had gone out in the second before the last refusal
    minute: float = 0.0  #: and in the minute
    window_s: float = 0.0  #: which of them was believed: 1 or 60
    earlier: float = 0.0  #: what was let through before it fell, to which it hastens back; 0 if nothing
    agreed: float = 0.0  #: how many refusals in a row came at the same count as the one before them


@dataclass(frozen=True, slots=True)
class Lessons:
    """What was learned of one budget."""

    requests: Learned = Learned()
    tokens: Learned = Learned()
    concurrency: Learned = Learned()
    slope: Learned = Learned()

    @classmethod
    def from_text(cls, text: str) -> Lessons:
        """Read what `text` wrote; an empty text is nothing learned. The further figures may be missing."""
        numbers = [float(number) for number in text.split()]
        if not numbers:
            return cls()
        further = numbers[4 * FIGURES :] or [0.0] * (4 * FURTHER)
        return cls(*(Learned(*numbers[FIGURES * i :][:FIGURES], *further[FURTHER * i :][:FURTHER]) for i in range(4)))

    @property
    def text(self) -> str:
        """All figures in order, exactly, as Redis keeps them; empty if nothing was learned."""
        if self == Lessons():
            return ""
        rows = astuple(self)
        figures = [number for row in rows for number in row[:FIGURES]]
        further = [number for row in rows for number in row[FIGURES:]]
        return " ".join(f"{number:.17g}" for number in (*figures, *further))


@dataclass(frozen=True, slots=True)
class Seen:
    """What a refused call says: what had been granted just before it, in the unit of its dimension."""

    calls: float  #: in the second before, in calls
    second: float
    minute: float  #: of concurrency, the calls in flight
    told: float  #: the ceiling or the start of the dimension, 0 where it was not limited
    again: float = 0.0  #: how many refusals before this one were followed by no answer yet


def grow(learned: Learned, elapsed_us: float, *, ceiling: float, start: float) -> Learned:
    """Return it after more time at the limit, up to the ceiling; as it is where it was above. 0 is no ceiling.

    From a start of 500 with no refusal: 1,000 after 17 s, 2,000 after 35 s. Found at 1,200 by the second: 1,200 for
    15 s, 1,224 at 17 s, 1,323 at 19 s, 2,054 at 30 s. Fallen to 600 where 1,200 had been let through: 600 for 3 s,
    612 at 5 s, 696 at 7 s, 924 at 9 s, 1,200 at 11 s, where it is held anew. A minute after it has reached its ceiling
    the lesson is forgotten.
    """
    value = learned.value
    if value == 0:
        if ceiling > 0 or start == 0:
            return learned
        value = start
    if 0 < ceiling < value:  # a lower limit was set meanwhile, and what was learned holds again when that is gone
        return learned
    if learned.top == 0:
        value *= 1 + elapsed_us / GROWTH_US
        return replace(learned, value=min(value, ceiling) if ceiling > 0 else value)
    age_us, top, hold_us, earlier = learned.age_us + elapsed_us, learned.top, learned.hold_us, learned.earlier
    if age_us > hold_us:
        top = min(top, value)
        beyond = (age_us - hold_us) / _stride_us(learned.window_s)
        curve = top * (1 + BEND * beyond * beyond * beyond)
        fastest_us = RETURN_US if value < earlier else GROWTH_US
        value = max(value, min(value * (1 + elapsed_us / fastest_us), curve))
        if 0 < earlier <= value:
            value = top = earlier
            age_us, earlier, hold_us = 0.0, 0.0, first_hold_us(learned.window_s)
    if ceiling > 0 and value >= ceiling:
        if age_us >= hold_us + FORGOTTEN_US:
            return Learned()
        value = ceiling
    return replace(learned, value=value, top=top, age_us=age_us, hold_us=hold_us, earlier=earlier)


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


def first_hold_us(window_s: float) -> float:
    """How long a limit is held that was found anew."""
    return MINUTE_HOLD_US if window_s == 60 else FIRST_HOLD_US  # a concurrency has no window


def _stride_us(window_s: float) -> float:
    return SECOND_STRIDE_US if window_s == 1 else first_hold_us(window_s)
