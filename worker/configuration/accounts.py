"""The accounts that `mmq.toml` names. Their keys are elsewhere: in variables of the environment, or in files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from worker.configuration.environment import Reader
from worker.configuration.models import budgets_by_model, refuse_unserved, served
from worker.configuration.table import Table
from worker.provider.account import Account, Api, Secret
from worker.routing.accounts import Budget, Payer

LIMITS = ("rpm", "tpm", "concurrency")
FIELDS = frozenset({"name", "api", "base_url", "key_env", "key_file", "group_id", "models", "limits", *LIMITS})
DEFAULTS = frozenset({"limits", *LIMITS})
#: Fields under which people write the key itself.
KEYS = frozenset({"key", "api_key", "apikey", "secret", "token", "secret_key", "access_key", "password"})
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*\Z")
OUTSIDE = 'put it into a variable or a file of its own, and write key_env = "MINIMAX_API_KEY_2" or key_file = "..."'


@dataclass(frozen=True, slots=True)
class Usual:
    """What holds for an account that does not say otherwise: from the environment and `[defaults]`."""

    api: Api
    base_url: str
    budget: Budget
    budgets: Mapping[str, Budget] = field(default_factory=dict)


def usual(table: Table, api: Api, base_url: str, of_environment: Budget) -> Usual:
    """Read `[defaults]`; what it leaves out is as the environment says."""
    _refuse_keys(table)
    table.refuse_others(DEFAULTS | KEYS)
    budget = _budget(table).over(of_environment)
    return Usual(api, base_url, budget, budgets_by_model(table, budget))


@dataclass(slots=True)
class Accounts:
    """Reads the accounts one by one. `variables` are those of the environment that they name for their keys."""

    environ: Mapping[str, str]
    folder: Path
    key_needed: bool
    payers: list[Payer] = field(default_factory=list)
    variables: set[str] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)

    def add(self, content: Mapping[str, Any], number: int, parent: Table, usual: Usual) -> None:
        """Read one of `[[accounts]]`; `number` counts from 1."""
        named = content.get("name")
        name = named if isinstance(named, str) and NAME.match(named) else f"[{number}]"
        table = Table(content, parent.file, f"accounts.{name}", parent.problems)
        if name != named:
            table.problem("name", "must be a name of letters, digits, dots and dashes", 'write name = "main"')
        elif name in {payer.name for payer in self.payers}:
            table.problem("name", "is taken by another account", "give each account a name of its own")
        _refuse_keys(table)
        table.refuse_others(FIELDS | KEYS)
        api, base_url = self._api(table, usual.api), self._base_url(table, usual.base_url)
        group_id, warnings = table.read_as("group_id", lambda reader: reader.text("group_id"))
        self.warnings += warnings
        if api is Api.V1 and not group_id:
            remedy = 'write group_id = "..." from the account\'s settings page, or api = "v2", which needs none'
            message = "is missing, and the legacy v1 API answers 1004 'authentication failed' without it"
            table.problem("group_id", message, remedy)
        models = served(table, api)
        mine = _budget(table)
        budget = mine.over(usual.budget)
        budgets = {model: mine.over(of_all) for model, of_all in usual.budgets.items()}
        budgets |= budgets_by_model(table, budget, budgets)
        refuse_unserved(table, api, models)
        account = Account(name, api, base_url, self._key(table), group_id)
        self.payers.append(Payer(account, budget, budgets, models))

    def _api(self, table: Table, usual: Api) -> Api:
        choices = [str(api) for api in Api]
        found, warnings = table.read_as("api", lambda reader: reader.choice("api", choices, default=usual))
        self.warnings += warnings
        return Api(found)

    def _base_url(self, table: Table, usual: str) -> str:
        found, warnings = table.read_as("base_url", lambda reader: reader.api_root("base_url", default=usual))
        self.warnings += warnings
        return str(found)

    def _key(self, table: Table) -> Secret:
        variable, file = table.text("key_env"), table.text("key_file")
        if variable and file:
            table.problem("key_env", "is given, and key_file too", "keep one of them")
        elif variable and not VARIABLE.match(variable):
            table.problem("key_env", "is not the name of a variable; is it the key itself?", OUTSIDE)
        elif variable:
            self.variables |= {variable, f"{variable}_FILE"}
            return self._found(table, "key_env", Reader(self.environ), variable)
        elif file:
            path = file if file.startswith("~") else str(self.folder / file)
            return self._found(table, "key_file", Reader({"key_FILE": path}), "key")
        elif not KEYS & table.content.keys():
            table.problem("key_env", "is missing, and so is key_file", 'write key_env = "MINIMAX_API_KEY_2"')
        return Secret("")

    def _found(self, table: Table, name: str, reader: Reader, variable: str) -> Secret:
        key = reader.key(variable)
        for problem in reader.problems if self.key_needed else ():
            table.problem(name, f"{problem.field}: {problem.message}", problem.remedy)
        if key is None and self.key_needed and not reader.problems:
            table.problem(name, f"the variable {variable} is not set", f"set {variable}, or {variable}_FILE")
        self.warnings += [f"{table.place(name)}: {warning}" for warning in reader.warnings]
        return key or Secret("")


def _budget(table: Table) -> Budget:
    return Budget(rpm=table.number("rpm"), tpm=table.number("tpm"), concurrency=table.whole("concurrency"))


def _refuse_keys(table: Table) -> None:
    for name in KEYS & table.content.keys():
        table.problem(name, "a key must not stand in this file, which is copied and committed", OUTSIDE)
