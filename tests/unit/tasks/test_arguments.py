"""What a foreign message may hold, and what becomes of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.arguments import LONGEST_TASK_ID, job_id_of, order_of, refused
from tasks.contract import CONTRACT_VERSION, GENERATE, LANES, Generate
from tasks.enqueue import rows
from tasks.order import LONGEST_NAME, Order, preflight
from worker.errors import InvalidRequest
from worker.routing.judge import Judge
from worker.settings import load

MODEL = "MiniMax-M2.7"
JUDGE = Judge(load({}).payers)


def test_the_contract_is_what_producers_rely_on() -> None:
    """Names and lanes are part of every producer's code: changing one needs a new version."""
    assert (CONTRACT_VERSION, GENERATE, LANES) == (1, "minimax.generate", ("interactive", "default", "bulk"))
    expected = {"version", "prompt", "messages", "model", "lane", "custom_id", "deadline", "request"}
    assert set(Generate.__annotations__) == expected


def test_a_message_becomes_an_order() -> None:
    """All arguments find their place; unknown ones and those of `request` are fields of the chat request."""
    order = order_of(
        "task-1",
        (),
        {
            "version": 1,
            "prompt": "Hello",
            "lane": "bulk",
            "custom_id": "c",
            "deadline": "2030-01-01T00:00:00+00:00",
            "request": {"temperature": 0.5},
            "max_tokens": 5,
        },
        MODEL,
    )
    assert order == Order(
        {"model": MODEL, "messages": [{"role": "user", "content": "Hello"}], "temperature": 0.5, "max_tokens": 5},
        lane="bulk",
        custom_id="c",
        deadline=datetime(2030, 1, 1, tzinfo=UTC),
        job_id="task-1",
    )


def test_none_is_as_good_as_absent() -> None:
    """Producers that pass all their fields, set or not, get the defaults."""
    names = [name for name in Generate.__annotations__ if name != "prompt"]
    nothing: dict[str, Any] = dict.fromkeys([*names, "temperature"])
    assert order_of("t", (), {**nothing, "prompt": "x", "request": {"top_p": None}}, MODEL) == order_of(
        "t", (), {"prompt": "x"}, MODEL
    )


ODD: list[tuple[dict[str, Any], str]] = [
    ({}, "prompt"),
    ({"prompt": "x", "messages": []}, "prompt"),
    ({"prompt": 5}, "messages[0].content"),
    ({"prompt": ""}, "messages[0].content"),
    ({"prompt": "a\0b"}, "messages[0].content"),
    ({"prompt": "\ud800"}, "messages[0].content"),
    ({"messages": "hello"}, "messages"),
    ({"messages": 5}, "messages"),
    ({"messages": ["hello"]}, "messages"),
    ({"messages": [["role", "user"]]}, "messages"),
    ({"prompt": "x", "version": 0}, "version"),
    ({"prompt": "x", "version": "1"}, "version"),
    ({"prompt": "x", "version": True}, "version"),
    ({"prompt": "x", "lane": "express"}, "lane"),
    ({"prompt": "x", "lane": ["bulk"]}, "lane"),
    ({"prompt": "x", "lane": {}}, "lane"),
    ({"prompt": "x", "model": ["a"]}, "model"),
    ({"prompt": "x", "model": "gpt-4o"}, "model"),
    ({"prompt": "x", "request": "temperature=1"}, "request"),
    ({"prompt": "x", "request": [1]}, "request"),
    ({"prompt": "x", "custom_id": 5}, "custom_id"),
    ({"prompt": "x", "custom_id": "a\0"}, "custom_id"),
    ({"prompt": "x", "custom_id": "c" * (LONGEST_NAME + 1)}, "custom_id"),
    ({"prompt": "x", "deadline": "tomorrow"}, "deadline"),
    ({"prompt": "x", "deadline": 5}, "deadline"),
    ({"prompt": "x", "deadline": "2030-01-01T00:00:00"}, "deadline"),
    ({"prompt": "x", "deadline": "9999-12-31T23:59:59-14:00"}, "deadline"),
    ({"prompt": "x", "temperature": float("nan")}, "temperature"),
]


@pytest.mark.parametrize(("arguments", "field"), ODD, ids=repr)
def test_what_cannot_be_run_is_refused_by_its_field(arguments: dict[str, Any], field: str) -> None:
    """Never another error: it would be acknowledged, and the message lost without a trace."""
    with pytest.raises(InvalidRequest) as raised:
        preflight(order_of("t", (), arguments, MODEL), JUDGE)
    assert field in {problem.field for problem in raised.value.problems}


@pytest.mark.parametrize(("task_id", "positional"), [("t" * 65, ()), ("a\0b", ()), ("t", ("Hello",))])
def test_an_unstorable_task_id_and_positional_arguments_are_refused(task_id: str, positional: tuple[str, ...]) -> None:
    """Whatever else the message says."""
    with pytest.raises(InvalidRequest):
        order_of(task_id, positional, {"prompt": "x"}, MODEL)


@given(st.text(st.characters(), max_size=200))
def test_a_job_id_fits_its_column_and_is_always_the_same(task_id: str) -> None:
    """What fits is kept as it is."""
    job_id = job_id_of(task_id)
    assert len(job_id) <= LONGEST_TASK_ID
    assert "\0" not in job_id
    assert job_id.encode()
    assert job_id == job_id_of(task_id)
    if 0 < len(task_id) <= LONGEST_TASK_ID and "\0" not in task_id and task_id.isascii():
        assert job_id == task_id


def test_long_task_ids_that_begin_alike_stay_apart() -> None:
    """Two jobs must not become one by being shortened."""
    assert job_id_of("t" * 80 + "1") != job_id_of("t" * 80 + "2")


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(), max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
_NAMES = st.sampled_from([*Generate.__annotations__, "temperature", "tools", "stream", "max_tokens"])


@given(st.text(st.characters(), max_size=80), st.dictionaries(_NAMES, _VALUES, max_size=6))
def test_any_message_is_accepted_or_refused_and_can_be_kept(task_id: str, arguments: dict[str, Any]) -> None:
    """Nothing that JSON carries breaks the door: it makes a row either way, of text that a database can hold."""
    try:
        order = order_of(task_id, (), arguments, MODEL)
        preflight(order, JUDGE)
    except InvalidRequest:
        order = refused(task_id, arguments)
    (row,) = rows([order])
    for text in (row.id, row.custom_id or "", row.lane, row.model, row.request):
        assert "\0" not in text
        assert text.encode() is not None
