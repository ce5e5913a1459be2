from __future__ import annotations

import io
import json
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmq.formats.read import read_stream
from mmq.formats.record import BadLine, Line
from mmq.formats.source import Format
from worker.provider.account import Api
from worker.provider.catalogue import load
from worker.provider.preflight.check import check

_text = st.text(st.characters(exclude_categories=[]), max_size=8)
_value = st.none() | st.booleans() | st.integers() | st.floats() | _text | st.lists(_text, max_size=2)
_fields = st.dictionaries(
    st.sampled_from(["prompt", "system", "custom_id", "messages", "body", "url", "model", "temperature"]) | _text,
    _value | st.just("Hello") | st.just([{"role": "user", "content": "Hi"}]),
)


@given(st.lists(_fields), st.sampled_from(Api))
def test_every_line_can_be_run_or_is_explained(lines: list[dict[str, object]], api: Api) -> None:
    """Each line gives one item: a request that can be sent under an id of its own, or reasons fit for a terminal."""
    data = "".join(json.dumps(line) + "\n" for line in lines).encode()
    defaults = {"model": "MiniMax-M2.5"}
    items = list(
        read_stream(io.BytesIO(data), Format.JSONL, judge=partial(check, api=api, catalogue=load()), defaults=defaults)
    )
    assert [item.number for item in items] == [*range(1, len(lines) + 1)]
    ids = [item.custom_id for item in items if isinstance(item, Line)]
    assert len(ids) == len(set(ids))
    for item in items:
        if isinstance(item, Line):
            json.dumps(item.request, ensure_ascii=False, allow_nan=False).encode()
        else:
            assert str(item).isprintable()
            assert isinstance(item, BadLine)
            assert item.problems


@pytest.mark.parametrize("format_", Format)
def test_stream_is_left_open(format_: Format) -> None:
    """Whoever opened the bytes closes them."""
    stream = io.BytesIO(b"prompt\n")
    list(read_stream(stream, format_, judge=partial(check, api=Api.V2, catalogue=load())))
    assert not stream.closed
