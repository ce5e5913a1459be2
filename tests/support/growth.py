"""How much a process holds: everything of ours that can grow, by name and number."""

from __future__ import annotations

import gc
import resource
import sys
from collections import Counter, deque
from collections.abc import Iterator
from functools import _lru_cache_wrapper
from pathlib import Path
from typing import Any

PACKAGES = ("worker", "models", "tasks")
CONTAINERS = (dict, list, set, deque)


def held() -> Counter[str]:
    """Return how many objects of each class of ours live, the lengths of their containers, and of our caches.

    As `{"worker.running.hands.Hands": 1, "worker.running.hands.Hands._free": 3, "worker.trace.of()": 0}`; containers of
    one attribute are added up over all objects of the class. What has an end by construction does not count.
    """
    gc.collect()
    found: Counter[str] = Counter()
    for name, module in [*sys.modules.items()]:
        if _ours(name):
            for attribute, value in [*vars(module).items()]:
                found.update(_grown(f"{name}.{attribute}", value))
    for thing in gc.get_objects():
        kind = type(thing)
        if _ours(kind.__module__) and not isinstance(thing, type):
            place = f"{kind.__module__}.{kind.__qualname__}"
            found[place] += 1
            for attribute, value in _attributes(thing):
                found.update(_grown(f"{place}.{attribute}", value))
    return found


def descriptors(pid: int) -> int:
    """Return how many files, sockets and pipes a process has open."""
    return len([*Path(f"/proc/{pid}/fd").iterdir()])


def threads(pid: int) -> int:
    """Return how many threads a process has."""
    return len([*Path(f"/proc/{pid}/task").iterdir()])


def resident_bytes(pid: int | str) -> int:
    """Return how much memory a process holds; `"self"` is this one."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


def _grown(place: str, value: object) -> dict[str, int]:
    if isinstance(value, deque) and value.maxlen is not None:
        return {}  # it has an end
    if isinstance(value, CONTAINERS):
        return {place: len(value)}
    return {f"{place}()": value.cache_info().currsize} if isinstance(value, _lru_cache_wrapper) else {}


def _ours(module: object) -> bool:
    return isinstance(module, str) and module.partition(".")[0] in PACKAGES


def _attributes(thing: Any) -> Iterator[tuple[str, object]]:
    yield from getattr(thing, "__dict__", {}).copy().items()
    for kind in type(thing).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            with_value = getattr(thing, name, None)  # a slot may be empty
            if with_value is not None:
                yield name, with_value
