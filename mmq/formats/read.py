"""Reads an input file line by line, checks every line, and says of each whether it will run and, if not, why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, BinaryIO

from mmq.formats.identity import CustomIds
from mmq.formats.jsonl import read_jsonl
from mmq.formats.plain import read_plain
from mmq.formats.record import BadLine, Draft, Line, Notice
from mmq.formats.source import Format, format_of, opened, require_file
from mmq.formats.table import read_table
from worker.provider.preflight.finding import Finding

#: Returns everything wrong with a chat request, fatal or not.
Judge = Callable[[Mapping[str, Any]], Sequence[Finding]]

_READERS: dict[Format, Callable[[BinaryIO], Iterator[Draft | BadLine | Notice]]] = {
    Format.JSONL: read_jsonl,
    Format.CSV: read_table,
    Format.TXT: read_plain,
}


def read(
    source: str,
    *,
    judge: Judge,
    defaults: Mapping[str, Any] = MappingProxyType({}),
    format: Format | None = None,  # noqa: A002  # the option's name
) -> Iterator[Line | BadLine | Notice]:
    """Yield what stands on each line of `source`, a path or `-` for standard input, in order; nothing for blank ones.

    `defaults` are request fields for the lines that do not name them, as `{"model": "MiniMax-M2.5"}`.
    The format is told by the suffix unless given. Nothing but the present line and the ids seen is held in memory.
    A bad line never stops the reading. Raises InvalidRequest at once if there is no such file or its format is unclear.
    """
    chosen = format or format_of(source)
    require_file(source)
    return _lines(source, chosen, judge, defaults)


def _lines(source: str, chosen: Format, judge: Judge, defaults: Mapping[str, Any]) -> Iterator[Line | BadLine | Notice]:
    with opened(source) as stream:
        yield from read_stream(stream, chosen, judge=judge, defaults=defaults)


def read_stream(
    stream: BinaryIO,
    format: Format,  # noqa: A002
    *,
    judge: Judge,
    defaults: Mapping[str, Any] = MappingProxyType({}),
) -> Iterator[Line | BadLine | Notice]:
    """Do as `read` does, from bytes that are open already, and leave them open."""
    ids = CustomIds()
    for item in _READERS[format](stream):
        yield _checked(item, ids, judge, defaults) if isinstance(item, Draft) else item


def _checked(draft: Draft, ids: CustomIds, judge: Judge, defaults: Mapping[str, Any]) -> Line | BadLine:
    custom_id, problem = ids.claim(draft.number, draft.custom_id)
    findings = list(draft.findings)
    request = None
    if draft.request is not None:
        request = {**defaults, **draft.request}
        # Whatever is wrong with the prompt has been said; that its messages are missing follows from it.
        said = any(finding.fatal for finding in findings)
        findings += [
            _as_written(finding, draft.written_as)
            for finding in judge(request)
            if not (said and finding.field == "messages")
        ]
    fatal = [finding for finding in findings if finding.fatal]
    if custom_id is None or request is None or problem is not None or fatal:
        return BadLine(draft.number, custom_id, ((problem,) if problem is not None else ()) + tuple(fatal))
    return Line(draft.number, custom_id, request, tuple(findings))


def _as_written(finding: Finding, written_as: tuple[str, ...]) -> Finding:
    """Name the field as the user wrote it: who gave a prompt has never heard of messages[0].content."""
    for index, name in enumerate(written_as):
        if finding.field == f"messages[{index}].content":
            return replace(finding, field=name)
    return replace(finding, field="prompt") if written_as and finding.field == "messages" else finding
