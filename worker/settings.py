"""The settings: one frozen object, read once from the environment and `mmq.toml`, and passed down.

`load` reports every problem at once, each with its remedy. Nothing else in the project reads the environment, but for
`celeryconfig.py`, which Celery loads by name and which asks `worker.configuration.broker` for its one value.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from models.burial import QUARANTINE_AFTER
from models.session import database_url
from worker.configuration import broker, document
from worker.configuration.accounts import Accounts, usual
from worker.configuration.environment import Reader
from worker.configuration.lanes import Sharing, bounds, sharing
from worker.configuration.remarks import remarks
from worker.configuration.table import Table
from worker.errors import ConfigurationError
from worker.provider.account import Account, Api, Secret, Timeouts
from worker.routing.accounts import Budget, Payer

DEFAULT_BASE_URL = "https://api.minimax.io/v1"
DEFAULT_MODEL = "MiniMax-M2.7"
DEFAULT_CALLS = 100  # calls in flight of one worker process: about 110 MB
DEFAULT_HOME = ".mmq"

VARIABLES = frozenset(
    {
        "MINIMAX_API_KEY", "MINIMAX_API_KEY_FILE", "MINIMAX_GROUP_ID", "MINIMAX_BASE_URL", "MINIMAX_API",
        "MINIMAX_MODEL",
        "MMQ_DATABASE_URL", "MMQ_REDIS_URL", "MMQ_BROKER_URL", "MMQ_HOME",
        "MMQ_DATABASE_URL_FILE", "MMQ_REDIS_URL_FILE", "MMQ_BROKER_URL_FILE",
        "MMQ_CONFIG",
        "MMQ_RPM", "MMQ_TPM", "MMQ_CONCURRENCY", "MMQ_CALLS", "MMQ_MAX_QUEUED",
        "MMQ_QUARANTINE_AFTER",
        "MMQ_CONNECT_TIMEOUT", "MMQ_FIRST_BYTE_TIMEOUT", "MMQ_IDLE_TIMEOUT", "MMQ_TOTAL_TIMEOUT",
        "MMQ_FLOWER_BASIC_AUTH", "MMQ_FLOWER_BASIC_AUTH_FILE",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set. There is one account at least, whose key may be empty: enqueuing needs none."""

    payers: tuple[Payer, ...]
    model: str
    timeouts: Timeouts
    sharing: Sharing
    calls: int
    quarantine_after: int  # calls of one job that were lost with their workers
    max_queued: Mapping[str, int]  # by lane; one that is not named has no bound
    database_url: str = field(repr=False)  # these three may hold passwords
    redis_url: str = field(repr=False)
    broker_url: str = field(repr=False)
    embedded_redis: bool
    home: Path
    config_file: Path | None
    warnings: tuple[str, ...] = ()

    @property
    def account(self) -> Account | None:
        """The first account that has a key; None where calling is not possible."""
        return next((payer.account for payer in self.payers if payer.account.key), None)

    @property
    def api(self) -> Api:
        """The API of the first account."""
        return self.payers[0].account.api

    @property
    def budget(self) -> Budget:
        """What the first account may spend on models without a budget of their own."""
        return self.payers[0].budget


def load(environ: Mapping[str, str], *, key_needed: bool = False) -> Settings:
    """Read the settings: the environment, and the file that it or the working folder names.

    Raises:
        ConfigurationError: with every problem found, each naming its variable and the remedy.
    """
    reader = Reader(environ)
    home = Path(environ.get("MMQ_HOME") or DEFAULT_HOME).expanduser().resolve()
    config_file = document.find(environ, home)
    written = document.read(config_file, reader.problems)
    found = _accounts(reader, written, config_file, key_needed=key_needed)
    lanes = written.table("lanes")
    redis_url = reader.confided("MMQ_REDIS_URL")
    if redis_url and (complaint := broker.redis_complaint(redis_url)):
        reader.problem("MMQ_REDIS_URL", complaint, broker.remedy(redis_url))
    broker_url = reader.confided("MMQ_BROKER_URL")
    if broker_url and (complaint := broker.broker_complaint(broker_url)):
        reader.problem("MMQ_BROKER_URL", complaint, broker.remedy(broker_url))
    embedded = f"unix://{broker.socket_path(home)}"
    settings = Settings(
        payers=tuple(found.payers),
        model=reader.text("MINIMAX_MODEL") or DEFAULT_MODEL,
        timeouts=_timeouts(reader),
        sharing=sharing(lanes, written.table("pacing")),
        quarantine_after=reader.whole("MMQ_QUARANTINE_AFTER") or QUARANTINE_AFTER,
        max_queued=bounds(lanes, reader.whole("MMQ_MAX_QUEUED")),
        calls=reader.whole("MMQ_CALLS") or DEFAULT_CALLS,
        database_url=_database(reader, home),
        redis_url=redis_url or embedded,
        broker_url=broker.for_celery(broker_url or redis_url or embedded),
        embedded_redis=not redis_url,
        home=home,
        config_file=config_file,
        warnings=(*reader.warnings, *found.warnings, *_unknown(environ, found.variables)),
    )
    if reader.problems:
        raise ConfigurationError(reader.problems)
    return settings


def _accounts(reader: Reader, written: Table, file: Path | None, *, key_needed: bool) -> Accounts:
    """Read the accounts of the file, or, where it names none, the one of the environment."""
    written.refuse_others({"accounts", "defaults", "lanes", "pacing"})
    api = Api(reader.choice("MINIMAX_API", [str(api) for api in Api], default=Api.V2))
    base_url = reader.api_root("MINIMAX_BASE_URL", default=DEFAULT_BASE_URL)
    budget = Budget(reader.number("MMQ_RPM"), reader.number("MMQ_TPM"), reader.whole("MMQ_CONCURRENCY"))
    defaults = usual(written.table("defaults"), api, base_url, budget)
    found = Accounts(reader.environ, file.parent if file else Path(), key_needed)
    named = written.tables("accounts")
    for number, content in enumerate(named, 1):
        found.add(content, number, written, defaults)
    if named:
        found.warnings += remarks(reader.environ, named, found.payers, found.variables, written.file)
    if not found.payers:
        account = _account(reader, api, base_url, key_needed=key_needed and not named)
        found.payers.append(Payer(account, defaults.budget, defaults.budgets))
    return found


def _account(reader: Reader, api: Api, base_url: str, *, key_needed: bool) -> Account:
    key = reader.key("MINIMAX_API_KEY")
    group_id = reader.text("MINIMAX_GROUP_ID")
    if api is Api.V1 and not group_id and (key or key_needed):
        reader.problem(
            "MINIMAX_GROUP_ID",
            "is not set, and the legacy v1 API answers 1004 'authentication failed' without it",
            "set it to the Group ID of the account's settings page, or use MINIMAX_API=v2, which needs none",
        )
    if (
        key is None
        and key_needed
        and not any(problem.field.startswith("MINIMAX_API_KEY") for problem in reader.problems)
    ):
        remedy = "set it, or MINIMAX_API_KEY_FILE; `mmq demo` works without a key"
        reader.problem("MINIMAX_API_KEY", "is not set", remedy)
    return Account(name="default", api=api, base_url=base_url, key=key or Secret(""), group_id=group_id)


def _timeouts(reader: Reader) -> Timeouts:
    usual = Timeouts()
    return Timeouts(
        connect=reader.number("MMQ_CONNECT_TIMEOUT") or usual.connect,
        first_byte=reader.number("MMQ_FIRST_BYTE_TIMEOUT") or usual.first_byte,
        idle=reader.number("MMQ_IDLE_TIMEOUT") or usual.idle,
        total=reader.number("MMQ_TOTAL_TIMEOUT") or usual.total,
    )


def _database(reader: Reader, home: Path) -> str:
    url = reader.confided("MMQ_DATABASE_URL") or f"sqlite:///{home / 'mmq.sqlite3'}"
    try:
        database_url(url)
    except ValueError as exc:
        reader.problem(
            "MMQ_DATABASE_URL",
            str(exc),
            "set it like postgresql://user:password@host/database or sqlite:////path, or unset it",
        )
    return url


def _unknown(environ: Mapping[str, str], named: Collection[str]) -> list[str]:
    warnings = []
    for name in sorted(environ.keys() - set(named)):
        if name.startswith(("MMQ_", "MINIMAX_")) and name not in VARIABLES:
            near = difflib.get_close_matches(name, VARIABLES, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            warnings.append(f"{name} is set, but nothing reads it{hint}")
    return warnings
