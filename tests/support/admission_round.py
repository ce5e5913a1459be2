"""How the model's waiting workers take turns, as `lua/round.lua` has them."""

from __future__ import annotations

from collections.abc import Callable

MOST_CALLED = 16
Turn = dict[str, float]


def order(turn: Turn) -> list[str]:
    """The waiting workers of a lane in the order of their turn."""
    return sorted(turn, key=lambda worker: (turn[worker], worker))


def passed_over(turn: Turn, me: str, since: float) -> bool:
    """Whether somebody else stands first, and was last served before `since`."""
    head = next(iter(order(turn)), me)
    return head != me and turn[head] < since


def excuse_first(turn: Turn, me: str, now: float) -> float:
    """Let whoever stands first and did not come go to the end. Return 0: nothing is kept for it any more."""
    head = next(iter(order(turn)), me)
    if head != me:
        turn[head] = now
    return 0.0


def join_or_leave(turn: Turn, me: str, now: float, left: int, granted: int, waited: int) -> None:
    """Let a worker join, at the end, or go there when it was served, or leave when none of its calls waits."""
    if left and (granted or me not in turn):
        turn[me] = now
    elif not left and waited:
        turn.pop(me, None)


def call_first(turn: Turn, me: str, now: float, publish: Callable[[str], int]) -> None:
    """Call whoever stands first; one that does not hear is dead."""
    for _ in range(MOST_CALLED):
        head = next(iter(order(turn)), me)
        if head == me or publish(head):
            return
        turn[head] = now
