"""What is odd about the accounts of `mmq.toml` and the environment beside it, though both can be used."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from worker.routing.accounts import Payer

#: Which variables describe the one account of the environment, and nothing where the file names the accounts.
OF_ONE_ACCOUNT = ("MINIMAX_API_KEY", "MINIMAX_API_KEY_FILE", "MINIMAX_GROUP_ID")


def remarks(
    environ: Mapping[str, str],
    named: Sequence[Mapping[str, object]],
    payers: Sequence[Payer],
    variables: Collection[str],
    file: str,
) -> Iterator[str]:
    """Yield warnings. `named` are the accounts as the file has them, `variables` those they name for their keys."""
    for variable in OF_ONE_ACCOUNT:
        if environ.get(variable, "").strip() and variable not in variables:
            yield f"{variable} is set, but {file} names the accounts, and none of them names it: it is not used"
    for variable, field in (("MINIMAX_API", "api"), ("MINIMAX_BASE_URL", "base_url")):
        if environ.get(variable, "").strip() and all(field in account for account in named):
            yield f"{variable} is set, but every account of {file} names its own {field}: it is not used"
    owners: dict[object, str] = {}
    for payer in payers:
        key = payer.account.key
        if key and (other := owners.setdefault(key, payer.name)) != payer.name:
            yield f"the accounts {other} and {payer.name} of {file} have the same key: at MiniMax their limits are one"
