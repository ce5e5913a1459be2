"""Finding and parsing `mmq.toml`: several accounts, budgets by model, and how lanes share."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from worker.configuration.table import Table
from worker.errors import Problem

NAME = "mmq.toml"
VARIABLE = "MMQ_CONFIG"


def find(environ: Mapping[str, str], home: Path) -> Path | None:
    """Return the file to read: MMQ_CONFIG's, else `mmq.toml` of the working folder, else of `home`; None if none."""
    if named := environ.get(VARIABLE, "").strip():
        return Path(named).expanduser().resolve()
    return next((path for path in (Path(NAME).resolve(), home / NAME) if path.is_file()), None)


def read(path: Path | None, problems: list[Problem]) -> Table:
    """Return the document; an empty one, and a problem noted, if it cannot be read."""
    file = NAME if path is None else path.name
    content = {} if path is None else _parsed(path, problems)
    return Table(content, file, "", problems)


def _parsed(path: Path, problems: list[Problem]) -> Mapping[str, object]:
    remedy = f"check the path and its permissions, or unset {VARIABLE}"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as exc:
        problems.append(Problem(VARIABLE, f"{str(path)!r} cannot be read: {exc.strerror}", remedy))
    except UnicodeDecodeError:
        problems.append(Problem(path.name, "is not UTF-8 text", "save it as UTF-8"))
    except tomllib.TOMLDecodeError as exc:
        # Its words name line and column, and tables at most, never a value.
        problems.append(Problem(path.name, f"is not TOML: {exc}", "mend that line"))
    except RecursionError:
        problems.append(Problem(path.name, "is nested too deeply", "make it flatter"))
    except ValueError:  # of thousands of digits
        problems.append(Problem(path.name, "holds a number that is too long", "shorten it"))
    return {}
