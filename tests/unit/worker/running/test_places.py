"""Places among the calls in flight: so many and no more, in turn, and urgent jobs before the others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from worker.running.holding import Holding
from worker.running.places import Places

CALLS, RESERVE = 2, 1


async def settled() -> None:
    """Let all that can go on do so."""
    for _ in range(5):
        await asyncio.sleep(0)


class Queue:
    """Jobs that ask for places, and those that have one, in the order in which they came by it."""

    def __init__(self) -> None:
        self.places = Places(CALLS, RESERVE)
        self.inside: list[str] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def ask(self, *names: str) -> None:
        """Let jobs ask, urgent ones by names that begin with `u`."""
        for name in names:
            self.tasks[name] = asyncio.create_task(self._ask(name))
        await settled()

    async def leave(self, name: str) -> None:
        """Let one go."""
        self.inside.remove(name)
        self.places.leave(name)
        await settled()

    async def _ask(self, name: str) -> None:
        if await self.places.take(name, urgent=name.startswith("u")):
            self.inside.append(name)


def played(story: Callable[[Queue], Awaitable[None]]) -> Queue:
    """Play a story to its end, with a queue to itself."""

    async def play() -> Queue:
        queue = Queue()
        await story(queue)
        for task in queue.tasks.values():
            task.cancel()
        return queue

    return asyncio.run(play())


def test_jobs_take_places_in_turn() -> None:
    """As many as there are calls have one; who leaves gives his to the first in line."""

    async def story(queue: Queue) -> None:
        await queue.ask("a", "b", "c", "d")
        assert queue.inside == ["a", "b"]
        assert queue.places.waiting == 2
        await queue.leave("a")
        await queue.leave("b")
        assert queue.inside == ["c", "d"]

    assert played(story).places.waiting == 0


def test_urgent_jobs_have_a_reserve_and_go_first() -> None:
    """The reserve is theirs alone, and no other gets a place while it is in use."""

    async def story(queue: Queue) -> None:
        await queue.ask("a", "b", "c", "u1", "u2")
        assert queue.inside == ["a", "b", "u1"]
        await queue.leave("a")
        assert queue.inside == ["b", "u1", "u2"]
        await queue.leave("b")
        assert queue.inside == ["u1", "u2"]
        await queue.leave("u1")

    assert played(story).inside == ["u2", "c"]


def test_job_keeps_its_place_over_attempts() -> None:
    """Asking again changes nothing, and takes no second place."""

    async def story(queue: Queue) -> None:
        await queue.ask("a", "a", "b")

    assert played(story).inside == ["a", "b"]


def test_job_that_goes_while_it_waits_takes_no_place() -> None:
    """Cancelled in line, or in the moment in which its turn came, it stands in nobody's way."""

    async def story(queue: Queue) -> None:
        await queue.ask("a", "b", "c", "d", "e")
        queue.tasks["c"].cancel()
        await settled()
        queue.places.leave("a")  # d's turn has come, and it does not know yet
        queue.tasks["d"].cancel()
        await settled()
        queue.places.leave("d")
        await settled()

    assert played(story).inside == ["a", "b", "e"]


def test_a_job_claimed_anew_stands_in_line_beside_its_first_execution() -> None:
    """A worker that was frozen may hold a job twice for a moment; the end of the first must not lose the second."""

    async def story() -> None:
        places = Places(1, 0)
        await places.take(Holding("other", 1), urgent=False)
        stray = asyncio.create_task(places.take(Holding("job", 1), urgent=False))
        anew = asyncio.create_task(places.take(Holding("job", 2), urgent=False))
        await asyncio.sleep(0)
        stray.cancel()
        await asyncio.wait([stray])
        places.leave(Holding("job", 1))
        places.leave(Holding("other", 1))
        assert await anew

    asyncio.run(asyncio.wait_for(story(), 10))
