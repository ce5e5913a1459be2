"""Checks the model id against the catalogue."""

from __future__ import annotations

from collections.abc import Iterator

from worker.provider.account import Api
from worker.provider.catalogue import Catalogue
from worker.provider.preflight.finding import Finding
from worker.provider.quoting import quote


def model_findings(named: object, api: Api, catalogue: Catalogue) -> Iterator[Finding]:
    """Refuse a missing, foreign or misspelt id and a model that this API does not serve; warn of an unknown MiniMax id.

    MiniMax answers an unknown id with 2013, or, as one client recorded, silently with another model.
    """
    if named is None or named == "":
        yield Finding("model", "no model is named", f"name one, as {_list(catalogue.nearest('', api=api))}")
        return
    if not isinstance(named, str):
        yield Finding("model", f"must be a string, not {quote(named)}")
        return
    model = catalogue.find(named)
    if model is not None:
        if api not in model.apis:
            served = " or ".join(sorted(model.apis))
            nearest = _list(catalogue.nearest(named, api=api))
            message = f"{quote(named)} is not served by the {api} API, only by {served}"
            yield Finding("model", message, f"use MINIMAX_API={min(model.apis)}, or one of {nearest}")
        return
    meant = catalogue.spelling(named)
    nearest = _list(catalogue.nearest(named, api=api))
    if meant is not None:
        yield Finding("model", f"{quote(named)} is not spelt as MiniMax spells it", f"write {quote(meant)}")
    elif catalogue.is_minimax(named):
        message = f"{quote(named)} is not in the catalogue of {catalogue.checked:%Y-%m-%d}"
        yield Finding("model", message, f"correct if it is newer; else use one of {nearest}", fatal=False)
    else:
        message = f"{quote(named)} is not a MiniMax model"
        yield Finding("model", message, f"use one of {nearest}")


def _list(ids: list[str]) -> str:
    return ", ".join(ids)
