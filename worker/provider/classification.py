"""Say what a refusal means and what follows. The answers are data, in codes.toml."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from worker.provider.account import Account
from worker.provider.diagnosis import diagnosis_of
from worker.provider.refusal import Refusal
from worker.provider.regions import host_of, other_root
from worker.provider.wire.dialect import dialect_of


class Action(StrEnum):
    """What follows a call that brought no answer."""

    RETRY = "retry"  #: again, after a back-off, at most `Verdict.retries` times
    SNOOZE = "snooze"  #: a limit was met: wait without spending an attempt
    PAUSE = "pause"  #: nothing of this account will succeed until a person acts
    FAIL = "fail"  #: this request will never succeed


@dataclass(frozen=True, slots=True)
class Verdict:
    """One row of the table, fitted to a refusal."""

    action: Action
    code: str  #: what users see: "1027", "http_502", "connect_timeout", "truncated_stream"
    meaning: str
    remedy: str
    source: str
    dimension: str | None = None  #: of a SNOOZE: "requests", "tokens", "concurrency" or "slope"
    retries: int = 0  #: how many retries this is worth
    ambiguous: bool = False  #: MiniMax may have done the work and charged for it


@dataclass(frozen=True, slots=True)
class Codes:
    """codes.toml, read. `causes` names the row of an exception's class, `symptoms` the rows that a text reveals."""

    rows: dict[str, Verdict]
    causes: dict[str, str]
    symptoms: dict[str, list[tuple[re.Pattern[str], str]]]


def classify(refusal: Refusal, account: Account) -> Verdict:
    """Return what the refusal means for the job and the account.

    MiniMax's code decides first, then the HTTP status, then the cause that this client found. Pure: the same
    refusal of the same account is always the same verdict.
    """
    table = codes()
    code = _code_of(refusal, table)
    row = table.rows[
        diagnosis_of(refusal, account, code)
        or next((name for text, name in table.symptoms.get(code, ()) if text.search(refusal.message)), None)
        or _row_of(code, table)
    ]
    return replace(
        row,
        code=code,
        remedy=_fitted(row.remedy, account),
        # Whatever the reason, words that came were generated.
        ambiguous=row.ambiguous or bool(refusal.partial_text),
    )


@cache
def codes() -> Codes:
    """Return the table. Read once, from the file beside this module."""
    text = files("worker.provider").joinpath("codes.toml").read_text(encoding="utf-8")
    table = Codes({}, {}, {})
    for name, row in tomllib.loads(text).items():
        _add(name, row, table)
    return table


def _add(name: str, row: dict[str, Any], table: Codes) -> None:
    for cause in row.pop("causes", ()):
        table.causes[cause] = name
    if (explained := row.pop("of", None)) is not None:
        table.symptoms.setdefault(str(explained), []).append((re.compile(row.pop("message")), name))
    table.rows[name] = Verdict(action=Action(row.pop("action")), code=name, **row)


def _code_of(refusal: Refusal, table: Codes) -> str:
    if refusal.code is not None:
        return str(refusal.code)
    if refusal.http_status is not None and refusal.http_status >= 300:
        return f"http_{refusal.http_status}"
    cause = refusal.cause or "error_without_code"
    if cause in table.rows or cause.startswith("http_"):
        return cause
    return table.causes.get(cause, "network_error")


def _row_of(code: str, table: Codes) -> str:
    if code in table.rows:
        return code
    if not code.startswith("http_"):
        return "unknown_code"
    hundred = f"{code[:6]}xx"
    return hundred if hundred in table.rows and len(code) == 8 else "error_without_code"


def _fitted(remedy: str, account: Account) -> str:
    if "{" not in remedy:
        return remedy
    return (
        remedy.replace("{host}", host_of(account.base_url))
        .replace("{other_root}", other_root(account.base_url))
        .replace("{path}", dialect_of(account.api).PATH)
    )
