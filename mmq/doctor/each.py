"""Looking at each account by itself, so that one that gives no answer holds up no other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from mmq.doctor.check import Check
from worker.routing.accounts import Payer
from worker.settings import Settings

Look = Callable[[Settings], Iterable[Check]]


def each(name: str, look: Look, settings: Settings) -> Iterator[tuple[str, Look]]:
    """Yield a look for every account; where there are several, its name and its findings' names tell which."""
    for payer in settings.payers:
        if len(settings.payers) == 1:
            yield name, look
        else:
            yield f"{name} of {payer.name}", _of(payer, look)


def _of(payer: Payer, look: Look) -> Look:
    """Let a look that looks at the first account see this one alone."""

    def alone(settings: Settings) -> Iterator[Check]:
        for check in look(replace(settings, payers=(payer,))):
            yield replace(check, name=f"{check.name} of {payer.name}")

    return alone
