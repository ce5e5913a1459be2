"""What is refused at submission, by the accounts that there are."""

from __future__ import annotations

from typing import Any

import pytest

from worker.provider.account import Account, Api, Secret
from worker.routing.accounts import Payer
from worker.routing.judge import Judge


def payer(name: str, api: Api = Api.V2, *models: str) -> Payer:
    """An account; without models it serves all that its API does."""
    account = Account(name, api, "https://api.minimax.io/v1", Secret(""))
    return Payer(account, models=frozenset(models) or None)


def said(payers: list[Payer], model: str, **fields: Any) -> list[str]:
    """What stands in the way of a request, as field, message and remedy."""
    request = {"model": model, "messages": [{"role": "user", "content": "Hello"}], **fields}
    return [str(finding) for finding in Judge(payers)(request) if finding.fatal]


def test_a_model_that_an_account_serves_is_no_problem() -> None:
    """Whichever of them it is, and also where the catalogue does not know it yet."""
    two = [payer("a", Api.V2, "MiniMax-M2.7"), payer("b", Api.OPENAI, "MiniMax-M9")]
    assert said(two, "MiniMax-M2.7") == said(two, "MiniMax-M9") == said([payer("all")], "MiniMax-M9") == []


@pytest.mark.parametrize("model", ["MiniMax-M3", "MiniMax-M9"])
def test_a_model_that_no_account_serves_is_refused_with_those_that_are(model: str) -> None:
    """The remedy names them, and where the accounts are set."""
    (problem,) = said([payer("a", Api.V2, "MiniMax-M2.7"), payer("b", Api.V2, "MiniMax-M2.5")], model)
    assert "none of the accounts a, b" in problem
    assert "MiniMax-M2.7" in problem
    assert "MiniMax-M2.5" in problem
    assert "mmq.toml" in problem


@pytest.mark.parametrize(
    ("model", "hint"), [("minimax-m2.7", "write 'MiniMax-M2.7'"), ("gpt-4o", "not a MiniMax model")]
)
def test_a_wrong_name_is_told_as_such(model: str, hint: str) -> None:
    """That no account serves it would lead astray."""
    (problem,) = said([payer("a", Api.V2, "MiniMax-M2.7")], model)
    assert hint in problem


def test_one_account_for_all_is_judged_by_its_api() -> None:
    """As without a file: the catalogue says which API serves the model."""
    (problem,) = said([payer("default", Api.OPENAI)], "M2-her")
    assert "not served by the openai API" in problem


def test_what_one_of_several_apis_would_refuse_is_refused() -> None:
    """A job may go to either account; each problem is said once."""
    (v2, openai), temperature = [payer("a"), payer("b", Api.OPENAI)], {"temperature": 1.5}
    alone = said([v2], "MiniMax-M3", **temperature)
    assert alone
    assert said([openai], "MiniMax-M3", **temperature) == []
    assert said([openai, v2], "MiniMax-M3", **temperature) == said([v2, v2], "MiniMax-M3", **temperature) == alone


@pytest.mark.parametrize("request_", [{}, {"model": 7}, {"model": None, "messages": None}])
def test_it_never_raises(request_: dict[str, Any]) -> None:
    """Whatever the request holds."""
    assert Judge([payer("a")])(request_)
