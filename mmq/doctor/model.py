"""Whether MiniMax has such a model."""

from __future__ import annotations

from collections.abc import Iterator

from mmq.doctor.check import Check, fail, ok, warn
from worker.provider import catalogue
from worker.settings import Settings


def look(settings: Settings) -> Iterator[Check]:
    """Look the default model up in the catalogue."""
    models, name = catalogue.load(), settings.model
    near = ", ".join(models.nearest(name, api=settings.api))
    if (model := models.find(name)) is not None:
        if settings.api in model.apis:
            yield ok("model", f"{name} is known")
        else:
            yield fail(
                "model", f"{name} is not served by the {settings.api} API", f"set MINIMAX_MODEL to one of {near}"
            )
    elif spelling := models.spelling(name):
        yield fail("model", f"{name!r} is misspelt, and MiniMax minds", f"set MINIMAX_MODEL={spelling}")
    elif models.is_minimax(name):
        found = f"{name!r} is not in the catalogue of {models.checked}; it may be newer"
        yield warn("model", found, f"if MiniMax answers 'unknown model', set MINIMAX_MODEL to one of {near}")
    else:
        yield fail("model", f"{name!r} is no MiniMax model", f"set MINIMAX_MODEL to one of {near}")
