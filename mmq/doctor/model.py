"""Whether MiniMax has such a model."""

from __future__ import annotations

from collections.abc import Iterator

from mmq.doctor.check import Check, fail, ok, warn
from worker.provider import catalogue
from worker.routing.accounts import serving
from worker.settings import Settings


def look(settings: Settings) -> Iterator[Check]:
    """Look the default model up in the catalogue."""
    models, name = catalogue.load(), settings.model
    if any(payer.models is not None for payer in settings.payers):
        yield _of_accounts(settings, name)
        return
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


def _of_accounts(settings: Settings, name: str) -> Check:
    if payers := serving(settings.payers, name):
        return ok("model", f"{name} is served by {', '.join(payer.name for payer in payers)}")
    served = sorted({model for payer in settings.payers for model in payer.models or ()})
    found = f"{name}, the model of jobs that name none, is served by no account"
    return warn("model", found, f"set MINIMAX_MODEL to one of {', '.join(served)}")
