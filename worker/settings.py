"""The settings: one frozen object, read once from the environment and passed down.

`load` reports every problem at once, each with its remedy. Nothing else in the project reads the environment, but for
`celeryconfig.py`, which Celery loads by name and which asks `worker.broker` for its one value.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from models.session import database_url
from worker import broker
from worker.environment import Reader
from worker.errors import ConfigurationError
from worker.provider.account import Account, Api, Timeouts

DEFAULT_BASE_URL = "https://api.minimax.io/v1"
DEFAULT_MODEL = "MiniMax-M2.7"
DEFAULT_CALLS = 100  # calls in flight of one worker process: about 110 MB
DEFAULT_HOME = ".mmq"

VARIABLES = frozenset(
    {
        "MINIMAX_API_KEY", "MINIMAX_API_KEY_FILE", "MINIMAX_GROUP_ID", "MINIMAX_BASE_URL", "MINIMAX_API",
        "MINIMAX_MODEL",
        "MMQ_DATABASE_URL", "MMQ_REDIS_URL", "MMQ_BROKER_URL", "MMQ_HOME",
        "MMQ_RPM", "MMQ_TPM", "MMQ_CONCURRENCY", "MMQ_CALLS",
        "MMQ_CONNECT_TIMEOUT", "MMQ_FIRST_BYTE_TIMEOUT", "MMQ_IDLE_TIMEOUT", "MMQ_TOTAL_TIMEOUT",
        "MMQ_FLOWER_BASIC_AUTH",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Budget:
    """What one account may spend on one model; None is not limited by us.

    Requests and tokens a minute, and calls at a time, over all workers together.
    """

    rpm: float | None = None
    tpm: float | None = None
    concurrency: int | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set. `account` is None where no key is given: enqueuing needs none, calling does."""

    account: Account | None
    api: Api
    model: str
    budget: Budget
    timeouts: Timeouts
    calls: int
    database_url: str = field(repr=False)  # these three may hold passwords
    redis_url: str = field(repr=False)
    broker_url: str = field(repr=False)
    embedded_redis: bool
    home: Path
    warnings: tuple[str, ...] = ()


def load(environ: Mapping[str, str], *, key_needed: bool = False) -> Settings:
    """Read the settings.

    Raises:
        ConfigurationError: with every problem found, each naming its variable and the remedy.
    """
    reader = Reader(environ)
    api = Api(reader.choice("MINIMAX_API", [str(api) for api in Api], default=Api.V2))
    home = Path(environ.get("MMQ_HOME") or DEFAULT_HOME).expanduser().resolve()
    account = _account(reader, api, key_needed=key_needed)
    redis_url = environ.get("MMQ_REDIS_URL", "").strip()
    if redis_url and (complaint := broker.redis_complaint(redis_url)):
        reader.problem("MMQ_REDIS_URL", complaint, "set it like redis://:password@host:6379/0, or unset it")
    settings = Settings(
        account=account,
        api=api,
        model=reader.text("MINIMAX_MODEL") or DEFAULT_MODEL,
        budget=Budget(
            rpm=reader.number("MMQ_RPM"),
            tpm=reader.number("MMQ_TPM"),
            concurrency=reader.whole("MMQ_CONCURRENCY"),
        ),
        timeouts=_timeouts(reader),
        calls=reader.whole("MMQ_CALLS") or DEFAULT_CALLS,
        database_url=_database(reader, home),
        redis_url=redis_url or f"unix://{broker.socket_path(home)}",
        broker_url=broker.broker_url(environ),
        embedded_redis=not redis_url,
        home=home,
        warnings=(*reader.warnings, *_unknown(environ)),
    )
    if reader.problems:
        raise ConfigurationError(reader.problems)
    return settings


def _account(reader: Reader, api: Api, *, key_needed: bool) -> Account | None:
    key = reader.key("MINIMAX_API_KEY")
    group_id = reader.text("MINIMAX_GROUP_ID")
    base_url = reader.api_root("MINIMAX_BASE_URL", default=DEFAULT_BASE_URL)
    if api is Api.V1 and not group_id and (key or key_needed):
        reader.problem(
            "MINIMAX_GROUP_ID",
            "is not set, and the legacy v1 API answers 1004 'authentication failed' without it",
            "set it to the Group ID of the account's settings page, or use MINIMAX_API=v2, which needs none",
        )
    if key is None:
        if key_needed:
            reader.problem(
                "MINIMAX_API_KEY", "is not set", "set it, or MINIMAX_API_KEY_FILE; `mmq demo` works without a key"
            )
        return None
    return Account(name="default", api=api, base_url=base_url, key=key, group_id=group_id)


def _timeouts(reader: Reader) -> Timeouts:
    usual = Timeouts()
    return Timeouts(
        connect=reader.number("MMQ_CONNECT_TIMEOUT") or usual.connect,
        first_byte=reader.number("MMQ_FIRST_BYTE_TIMEOUT") or usual.first_byte,
        idle=reader.number("MMQ_IDLE_TIMEOUT") or usual.idle,
        total=reader.number("MMQ_TOTAL_TIMEOUT") or usual.total,
    )


def _database(reader: Reader, home: Path) -> str:
    url = reader.text("MMQ_DATABASE_URL") or f"sqlite:///{home / 'mmq.sqlite3'}"
    try:
        database_url(url)
    except ValueError as exc:
        reader.problem(
            "MMQ_DATABASE_URL",
            str(exc),
            "set it like postgresql://user:password@host/database or sqlite:////path, or unset it",
        )
    return url


def _unknown(environ: Mapping[str, str]) -> list[str]:
    warnings = []
    for name in sorted(environ):
        if name.startswith(("MMQ_", "MINIMAX_")) and name not in VARIABLES:
            near = difflib.get_close_matches(name, VARIABLES, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            warnings.append(f"{name} is set, but nothing reads it{hint}")
    return warnings
