"""What somebody wants run, with everything that was left open filled in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mmq.formats.output import errors_path
from mmq.formats.source import STDIN, Format, format_of, require_file
from mmq.formats.write import STDOUT, require_target
from worker.errors import InvalidRequest, Problem


@dataclass(frozen=True, slots=True)
class Ask:
    """One run. `source` and `output` are paths, or `-` for standard input and output."""

    source: str
    output: str
    errors: str
    lane: str
    name: str
    format: Format
    fresh: bool = False

    @property
    def title(self) -> str:
        """`prompts.jsonl → answers.jsonl`."""
        source = "standard input" if self.source == STDIN else self.source
        return f"{source} → {'standard output' if self.output == STDOUT else self.output}"


def asked(
    source: str,
    output: str | None,
    errors: str | None,
    *,
    lane: str,
    name: str | None = None,
    format: Format | None = None,  # noqa: A002
    fresh: bool = False,
) -> Ask:
    """Return the run, outputs named after the input where they are not given: `prompts.answers.jsonl`.

    Raises:
        InvalidRequest: there is no such input, its format is unclear, or an output cannot be written.
    """
    require_file(source)
    known = format or format_of(source)
    output = output or default_output(source)
    errors = errors or errors_path(_named(source) if output == STDOUT else output)
    for target in (output, errors):
        require_target(target)
    _require_apart(source, output, errors)
    return Ask(source, output, errors, lane, name or _name(source), known, fresh)


def default_output(source: str) -> str:
    """Return where answers go if nobody says: beside the input; standard output for standard input."""
    return STDOUT if source == STDIN else str(Path(source).with_suffix(".answers.jsonl"))


def _named(source: str) -> str:
    return "answers" if source == STDIN else default_output(source)


def _require_apart(source: str, output: str, errors: str) -> None:
    """Refuse to write over the input, or answers over failures."""
    paths = {"INPUT": source, "OUT": output, "ERR": errors}
    seen: dict[Path, str] = {}
    for name, path in paths.items():
        if path in (STDIN, STDOUT):
            continue
        if (other := seen.setdefault(Path(path).resolve(), name)) != name:
            raise InvalidRequest([Problem(name, f"{path} is {other} as well", "name another file")])


def _name(source: str) -> str:
    return "standard input" if source == STDIN else Path(source).name
