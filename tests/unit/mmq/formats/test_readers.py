from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmq.formats.jsonl import read_jsonl
from mmq.formats.physical import MAX_LINE_BYTES
from mmq.formats.plain import read_plain
from mmq.formats.record import BadLine, Draft, Notice
from mmq.formats.table import read_table

Reader = Callable[[BinaryIO], Iterator[Draft | BadLine | Notice]]
READERS: list[Reader] = [read_jsonl, read_table, read_plain]

# What JSON lines and CSV are made of, and what breaks them.
_shreds = st.lists(
    st.sampled_from([b'{"prompt":"a"}', b'{"prompt":', b"prompt", b"custom_id", b"null", b"NaN", b"1e999", b"9" * 5000])
    | st.sampled_from([b"[", b"]", b"{", b"}", b'"', b'""', b",", b";", b":", b" ", b"\n", b"\r\n", b"\r", b"\0"])
    | st.sampled_from([b"\xef\xbb\xbf", b"\xff\xfe", b"\\u0000", b"\\ud800", b"\xed\xa0\x80", b"caf\xc3\xa9", b"\xe9"])
    | st.binary(max_size=5)
).map(b"".join)


def prompts(reader: Reader, data: bytes) -> list[tuple[int, str | None]]:
    """The number of each line and its prompt, None for a bad line."""
    told: list[tuple[int, str | None]] = []
    for item in reader(io.BytesIO(data)):
        if isinstance(item, Draft):
            assert item.request is not None
            told.append((item.number, item.request["messages"][-1]["content"]))
        elif isinstance(item, BadLine):
            told.append((item.number, None))
    return told


@pytest.mark.parametrize("reader", [read_jsonl, read_plain])
@given(data=_shreds)
def test_every_line_is_a_draft_bad_or_blank(reader: Reader, data: bytes) -> None:
    """No bytes break a reader, and no line that holds anything goes without a word."""
    numbers = [item.number for item in reader(io.BytesIO(data))]
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    blank = {n for n, line in enumerate(lines, 1) if not line.decode("utf-8", "replace").strip()}
    assert numbers == sorted(set(range(1, len(lines) + 1)) - blank)


@given(header=st.sampled_from([b"prompt\n", b"custom_id,prompt\n", b"prompt;x\n", b""]), data=_shreds)
def test_no_bytes_break_the_csv_reader(header: bytes, data: bytes) -> None:
    """Whatever stands in a CSV file, the reader ends, its numbers ascend, and a bad record names why."""
    items = list(read_table(io.BytesIO(header + data)))
    numbers = [item.number for item in items]
    assert numbers == sorted(set(numbers))
    assert all(item.problems for item in items if isinstance(item, BadLine))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1))
def test_csv_gives_back_what_was_written(cells: list[str]) -> None:
    """Prompts with commas, quotes and line ends come through unchanged when they are quoted."""
    rows = [f'"{cell.replace(chr(34), chr(34) * 2)}",x' for cell in cells]
    data = ("prompt,custom_id\n" + "\n".join(rows)).encode()
    assert [prompt for _, prompt in prompts(read_table, data)] == cells


@given(st.lists(st.text(min_size=1), min_size=1))
def test_jsonl_gives_back_what_was_written(texts: list[str]) -> None:
    """A prompt survives JSON with or without escapes."""
    data = "\n".join(json.dumps({"prompt": text}, ensure_ascii=len(text) % 2 == 0) for text in texts).encode()
    assert prompts(read_jsonl, data) == [*enumerate(texts, 1)]


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("data", [b"", b"\n", b"\r\n\n  \n", b"\xef\xbb\xbf"])
def test_nothing_gives_nothing(reader: Reader, data: bytes) -> None:
    """An empty file has no lines, and no error."""
    assert list(reader(io.BytesIO(data))) == []


@pytest.mark.parametrize(
    ("reader", "data"),
    [
        (read_jsonl, b'\xef\xbb\xbf{"prompt":"a"}\r\n\r\n\xef\xbb\xbf{"prompt":"b"}'),
        (read_table, b"\xef\xbb\xbfPrompt\r\na\r\n\r\nb"),
        (read_plain, b"\xef\xbb\xbfa\r\n\r\nb"),
    ],
)
def test_windows_files_read_as_others(reader: Reader, data: bytes) -> None:
    """A byte order mark, CRLF and blank lines leave no trace in the prompts, and lines keep their numbers."""
    told = prompts(reader, data)
    assert [prompt for _, prompt in told] == ["a", "b"]
    assert told[-1][0] - told[0][0] == 2


@pytest.mark.parametrize(
    ("reader", "first", "last"),
    [
        (read_jsonl, b'{"prompt":"a"}\n', b'\n{"prompt":"b"}'),
        (read_plain, b"a\n", b"\nb"),
        (read_table, b"prompt\na\n", b"\nb"),
    ],
)
def test_line_over_the_limit_is_bad_and_the_rest_is_read(reader: Reader, first: bytes, last: bytes) -> None:
    """A line longer than any context is passed over."""
    told = prompts(reader, first + b"x" * (MAX_LINE_BYTES + 1) + last)
    assert [prompt for _, prompt in told] == ["a", None, "b"]


class _Endless(io.RawIOBase):
    """A gigabyte without a line end, then one good line; notes the largest piece asked for."""

    def __init__(self) -> None:
        self.left = 1024 * 1024 * 1024
        self.largest = 0

    def readline(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert size > 0, "asked for a whole line, however long"
        self.largest = max(self.largest, size)
        if not self.left:
            self.left = -1
            return b'{"prompt":"b"}\n'
        if self.left < 0:
            return b""
        piece = min(size, self.left)
        self.left -= piece
        return b"x" * (piece - 1) + (b"x" if self.left else b"\n")


def test_huge_line_is_never_held_whole() -> None:
    """Memory stays bounded by the line limit, whatever the file holds."""
    stream = _Endless()
    items = list(read_jsonl(stream))  # type: ignore[arg-type]
    assert [type(item) for item in items] == [BadLine, Draft]
    assert stream.largest == MAX_LINE_BYTES + 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"nope", "not JSON: Expecting value at column 1, near 'nope'"),
        (b'{"prompt": "x"', "at column 15, where the line ends"),
        (b'{"prompt": "\xe9"}', "byte 0xE9 at byte 13 of the line"),
        (b"\xff\xfe{\0", "UTF-16"),
        (b"[1]", "a JSON object, not a list"),
        (b"null", "not a null"),
        (b'{"a": {"b": 1, "b": 2}}', "the name 'b' stands twice"),
        (b'{"prompt": "x", "top_p": -Infinity}', "-Infinity is not JSON"),
        (b'{"prompt": "x", "n": ' + b"9" * 5000 + b"}", "more digits"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"prompt": "\x01"}', "Invalid control character"),
        (b'{"prompt":"\x1b[31m"', r"\x1b"),
    ],
)
def test_unreadable_json_says_where_and_why(line: bytes, words: str) -> None:
    """A line that cannot be parsed is bad, and its report shows the place without acting on a terminal."""
    (bad,) = read_jsonl(io.BytesIO(line))
    assert isinstance(bad, BadLine)
    assert words in str(bad)
    assert str(bad).isprintable()


@pytest.mark.parametrize(
    ("line", "field", "words"),
    [
        ({"text": "x"}, "prompt", "neither prompt nor messages, but 'text'"),
        ({}, "prompt", "neither prompt nor messages"),
        ({"prompt": 5}, "prompt", "not 5"),
        ({"prompt": "x", "system": ["y"]}, "system", "not ['y']"),
        ({"prompt": "x", "lane": "bulk"}, "lane", "for a whole run"),
        ({"body": []}, "body", "not []"),
        ({"url": "/v1/chat/completions"}, "body", "missing"),
        ({"method": "GET", "body": {}}, "method", "'GET'"),
        ({"url": "/v1/embeddings", "body": {}}, "url", "'/v1/embeddings'"),
    ],
)
def test_line_that_asks_for_nothing_sensible_says_so(line: dict[str, object], field: str, words: str) -> None:
    """Both forms are understood strictly: what is missing, doubled or of another kind is a finding."""
    (draft,) = read_jsonl(io.BytesIO(json.dumps(line).encode()))
    assert isinstance(draft, Draft)
    assert [(f.field, words in f.message, f.fatal) for f in draft.findings] == [(field, True, True)]


def test_batch_line_gives_its_body() -> None:
    """OpenAI's batch form is taken as it is; what stands beside its body is mentioned."""
    line = {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "m"}, "model": "x"}
    (draft,) = read_jsonl(io.BytesIO(json.dumps(line).encode()))
    assert isinstance(draft, Draft)
    assert (draft.custom_id, draft.request) == ("a", {"model": "m"})
    assert [(f.field, f.fatal) for f in draft.findings] == [("line", False)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_cells_become_request_fields(delimiter: str) -> None:
    """Columns by the names of request fields are read with their types, under any usual delimiter."""
    rows = [
        ["custom_id", "System", "prompt", "temperature", "max_tokens", "note"],
        ["a", "Be brief.", "Hello", "0.5", "500.0", "?"],
        ["", "", "Hi", "", "", ""],
        ["b", "", "Hi", "warm", "", ""],
    ]
    data = "\n".join(delimiter.join(row) for row in rows).encode()
    notice, first, second, third = read_table(io.BytesIO(data))
    assert isinstance(notice, Notice)
    assert notice.problem.message == "not used: 'note'"
    assert isinstance(first, Draft)
    system, user = {"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}
    assert first.request == {"messages": [system, user], "temperature": 0.5, "max_tokens": 500}
    assert first.custom_id == "a"
    assert isinstance(second, Draft)
    assert (second.custom_id, second.request) == (None, {"messages": [{"role": "user", "content": "Hi"}]})
    assert isinstance(third, Draft)
    assert third.request is not None
    assert third.request["temperature"] == "warm"


@pytest.mark.parametrize(
    ("header", "words"),
    [("text,model", "no column of this name; the header has 'text', 'model'"), ("prompt,Prompt", "2 columns")],
)
def test_csv_without_one_prompt_column_is_one_bad_line(header: str, words: str) -> None:
    """A header that cannot be understood is reported once, not once a record."""
    (bad,) = read_table(io.BytesIO(f"{header}\na,b\nc,d\n".encode()))
    assert isinstance(bad, BadLine)
    assert (bad.number, words in str(bad)) == (1, True)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'prompt,x\n"a\nb",1\nc,2\n', [(2, "a\nb"), (4, "c")]),
        (b'prompt,x\na,1\n"b,2\nc,3\nd,4\n', [(2, "a"), (3, None), (4, "c"), (5, "d")]),
        (b'prompt,x\n"a"b,1\nc,2\n', [(2, None), (3, "c")]),
        (b'prompt,x\na",1\nc,2\n', [(2, None), (3, "c")]),
        (b'prompt,x\n"a\n"b" c",1\nd,2\n', [(2, None), (4, "d")]),
        (b"prompt,x\na,1,2\nb\nc,2\n", [(2, None), (3, None), (4, "c")]),
        (b"prompt,x\n\xe9,1\nb,\xe9\n", [(2, None), (3, "b")]),
        (b'prompt,x\n,\n"",1\n', [(3, "")]),
    ],
)
def test_broken_csv_record_costs_itself_alone(data: bytes, expected: list[tuple[int, str | None]]) -> None:
    """A stray quote, an open one, a ragged row or a wrong byte spoils its own record and no other."""
    assert prompts(read_table, data) == expected


def test_open_quote_in_a_long_file_holds_no_more_than_the_limit() -> None:
    """The rest of the file is read although a quote before it is never closed."""
    tail = (b"y" * 1023 + b",2\n") * (MAX_LINE_BYTES // 1024 + 10)
    told = prompts(read_table, b'prompt,x\n"open,1\n' + tail)
    assert told[0] == (2, None)
    assert len(told) == 1 + tail.count(b"\n")
    assert all(prompt == "y" * 1023 for _, prompt in told[1:])
