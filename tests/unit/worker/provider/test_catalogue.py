from __future__ import annotations

import pytest

from worker.provider.account import Api
from worker.provider.catalogue import load


def test_every_entry_has_source_date_and_api() -> None:
    """No model, price or limit stands in the catalogue without saying where it comes from and as of when."""
    for model in load().models:
        assert model.apis, model.id
        dated = [(model.source, model.as_of), *((price.source, price.as_of) for price in model.prices)]
        if model.limits is not None:
            dated.append((model.limits.source, model.limits.as_of))
        assert all(source and as_of.startswith("20") for source, as_of in dated), model.id


def test_prices_are_tiers_of_one_currency_that_end_open() -> None:
    """A prompt of any length has exactly one price, and what a cache reads costs less than what is new."""
    for model in load().models:
        assert model.prices, model.id
        assert len({price.currency for price in model.prices}) == 1, model.id
        ends = [price.up_to_prompt_tokens for price in model.prices]
        assert ends[-1] is None, model.id
        assert None not in ends[:-1], model.id
        assert all(price.input <= price.output for price in model.prices), model.id
        assert all(price.cache_read < price.input for price in model.prices if price.cache_read), model.id


def test_ids_are_unique_also_when_spelt_carelessly() -> None:
    """No two models could be mistaken for each other by case alone."""
    ids = [model.id.casefold() for model in load().models]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(("tokens", "price"), [(1, 0.30), (512_000, 0.30), (512_001, 0.60), (999_999, 0.60)])
def test_long_prompt_pays_the_next_tier(tokens: int, price: float) -> None:
    """MiniMax-M3 costs twice as much above 512K, for the whole request."""
    model = load().find("MiniMax-M3")
    assert model is not None
    tier = model.price(tokens)
    assert tier is not None
    assert (tier.currency, tier.input) == ("USD", price)


def test_known_figures() -> None:
    """Figures that admission, plan and preflight rest on are those of the sources."""
    catalogue = load()
    m25, m3, her = (catalogue.find(name) for name in ("MiniMax-M2.5", "MiniMax-M3", "M2-her"))
    assert m25 is not None
    assert (m25.context_tokens, m25.limits and m25.limits.rpm) == (204_800, 500)
    assert m3 is not None
    assert (m3.context_tokens, m3.max_output_tokens, m3.limits and m3.limits.tpm) == (1_000_000, 524_288, 10_000_000)
    assert her is not None
    assert (her.apis, her.prices[0].currency) == (frozenset({Api.V2}), "CNY")


@pytest.mark.parametrize("written", ["minimax-m2.5", "MiniMax-M2.5 ", "minimax/minimax-m2.5:free", "MINIMAX_M2.5"])
def test_careless_spelling_is_recognised_but_not_accepted(written: str) -> None:
    """Ids are case-sensitive at MiniMax: a near miss is not found, but what was meant is known."""
    assert load().find(written) is None
    assert load().spelling(written) == "MiniMax-M2.5"
    assert load().nearest(written)[0] == "MiniMax-M2.5"


@pytest.mark.parametrize("foreign", ["gpt-4o", "claude-sonnet-4", "deepseek-chat", "gemini-2.5-pro", ""])
def test_foreign_model_is_answered_with_current_ones(foreign: str) -> None:
    """Who brings another provider's model is offered the models MiniMax sells today."""
    catalogue = load()
    assert catalogue.spelling(foreign) is None
    assert not catalogue.is_minimax(foreign)
    suggested = catalogue.nearest(foreign)
    assert len(suggested) == 3
    assert all((model := catalogue.find(name)) and model.current for name in suggested)


def test_suggestions_are_served_by_the_api() -> None:
    """Nobody on the OpenAI-compatible API is sent to a model that only v2 serves."""
    assert load().nearest("M2-her")[0] == "M2-her"
    assert "M2-her" not in load().nearest("M2-her", n=20, api=Api.OPENAI)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("MiniMax-M9", True), ("abab7-chat", True), ("M3-her", True), ("minimax-text-02", True), ("mistral", False)],
)
def test_families_are_recognised(name: str, expected: bool) -> None:
    """A MiniMax id newer than the catalogue is told from another provider's."""
    assert load().is_minimax(name) is expected
