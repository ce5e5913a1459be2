"""An ending as one line of JSON, for the spool, and back.

A line is `{"ending": "Succeeded", "hold": {...}, ..., "finish": {...} | null}`: the fields of the ending as in
`worker.running.endings`, and those of the attempt's end as in `models.ledger.Finish`. Moments are in ISO 8601.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from types import UnionType
from typing import Any, TypeVar, get_args, get_type_hints

from models.ledger import Finish
from models.state import Edge, Outcome
from models.transitions import Failure, Hold
from worker.running.endings import Ending, Expired, Failed, HandedBack, Held, Succeeded

T = TypeVar("T")

_ENDINGS: dict[str, type[Ending]] = {kind.__name__: kind for kind in (Succeeded, Held, Failed, HandedBack, Expired)}
_ROWS = (Hold, Failure, Finish)
_WORDS = (Edge, Outcome)


def _types(kind: type[Any]) -> dict[str, tuple[type[Any], ...]]:
    hints = get_type_hints(kind)
    return {name: get_args(hint) if isinstance(hint, UnionType) else (hint,) for name, hint in hints.items()}


_TYPES: dict[type[Any], dict[str, tuple[type[Any], ...]]] = {
    kind: _types(kind) for kind in (*_ENDINGS.values(), *_ROWS)
}


class NotOurs(ValueError):
    """Bytes that `write` did not write, or not this version's. The message quotes none of them."""


def write(ending: Ending, finish: Finish | None) -> bytes:
    """Return the line, with its newline. ASCII: also what no database stores comes back as it was."""
    document = {
        "ending": type(ending).__name__,
        **asdict(ending),
        "finish": None if finish is None else asdict(finish),
    }
    return json.dumps(document, default=datetime.isoformat, separators=(",", ":")).encode() + b"\n"


def read(line: bytes) -> tuple[Ending, Finish | None]:
    """Return what a line tells.

    Raises:
        NotOurs: it is no such line.
    """
    try:
        document = json.loads(line)
    except (ValueError, RecursionError) as exc:
        raise NotOurs("not JSON") from exc
    if not isinstance(document, dict):
        raise NotOurs("not an object")
    kind = _ENDINGS.get(str(document.pop("ending", None)))
    if kind is None:
        raise NotOurs("no ending that is known")
    finish = document.pop("finish", None)
    return _build(kind, document), None if finish is None else _build(Finish, finish)


def _build(kind: type[T], document: object) -> T:
    types = _TYPES[kind]
    if not isinstance(document, Mapping) or set(document) != set(types):
        raise NotOurs(f"not the fields of {kind.__name__}")
    return kind(**{name: _value(types[name], value, f"{kind.__name__}.{name}") for name, value in document.items()})


def _value(kinds: tuple[type[Any], ...], value: Any, where: str) -> Any:
    if value is None and type(None) in kinds:
        return None
    kind = kinds[0]
    try:
        if kind in _ROWS:
            return _build(kind, value)
        if kind in _WORDS:
            return kind(value)
        if kind is datetime:
            return _moment(value)
    except (TypeError, ValueError) as exc:
        raise NotOurs(f"no value for {where}") from exc
    if kind is float and type(value) is int:  # as whoever measured it may have given it
        return float(value)
    if type(value) is not kind:
        raise NotOurs(f"no value for {where}")
    return value


def _moment(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone")
    return moment
