"""Whether a chat request can be done by the accounts at hand, said before it is enqueued."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from worker.provider.catalogue import Catalogue
from worker.provider.catalogue import load as load_catalogue
from worker.provider.preflight.check import check
from worker.provider.preflight.finding import Finding
from worker.provider.quoting import quote
from worker.routing.accounts import Payer, serving

MOST_NAMED = 5


class Judge:
    """Checks requests by the rules of every API that they may go out by."""

    def __init__(self, payers: Sequence[Payer], catalogue: Catalogue | None = None) -> None:
        self._payers = payers
        self._catalogue = catalogue or load_catalogue()

    def __call__(self, request: Mapping[str, Any]) -> list[Finding]:
        """Return everything wrong with a request, fatal or not, each said once.

        Which account a job goes to is not known before it does, so what one API would refuse is refused where accounts
        with different APIs serve the model.
        """
        model = request.get("model")
        found = serving(self._payers, model) if isinstance(model, str) else []
        apis = dict.fromkeys(payer.account.api for payer in found or self._payers[:1])
        findings = [finding for api in apis for finding in check(request, api=api, catalogue=self._catalogue)]
        if not found and isinstance(model, str) and self._is_one(model) and self._named:
            others = [finding for finding in findings if finding.field != "model"]
            findings = [self._unserved(model), *others]
        return list(dict.fromkeys(findings))

    def _is_one(self, model: str) -> bool:
        """Whether MiniMax may have this model; what is wrong with any other name is said by the catalogue."""
        catalogue = self._catalogue
        return catalogue.find(model) is not None or (catalogue.is_minimax(model) and catalogue.spelling(model) is None)

    @property
    def _named(self) -> bool:
        return any(payer.models is not None for payer in self._payers)

    def _unserved(self, model: str) -> Finding:
        listed = {name for payer in self._payers for name in payer.models or ()}
        offered = [known.id for known in self._catalogue.models if serving(self._payers, known.id)]
        offered += sorted(listed - set(offered))
        near = get_close_matches(model, offered, n=MOST_NAMED, cutoff=0)
        message = f"{quote(model)} is served by none of the accounts {', '.join(payer.name for payer in self._payers)}"
        return Finding("model", message, f"use one of {', '.join(near)}, or give it to an account in mmq.toml")
