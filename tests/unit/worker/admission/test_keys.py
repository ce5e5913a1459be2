"""The names in Redis."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from worker.admission.keys import BudgetKey

names = st.text(st.characters(codec="utf-8"), max_size=20)


def test_the_keys_of_a_budget_share_a_hash_tag():
    """They read well for ordinary names, and a Redis Cluster keeps them on one node."""
    assert BudgetKey("main", "MiniMax-M2.5").all == tuple(
        f"mmq:{{main:MiniMax-M2.5}}:{name}"
        for name in ("state", "workers", "alive", "turn:interactive", "turn:default", "turn:bulk")
    )


@given(names, names, names, names)
def test_no_two_budgets_share_a_tag_and_no_name_ends_it(account, model, other_account, other_model):
    """Colons and braces in a name are escaped."""
    tag = BudgetKey(account, model).tag
    assert "{" not in tag
    assert "}" not in tag
    same = (account, model) == (other_account, other_model)
    assert (BudgetKey(other_account, other_model).tag == tag) is same
