"""Messages as producers and feeders of every version have sent them, kept as they were."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tasks.arguments import order_of
from tasks.contract import CONTRACT_VERSION
from tasks.refusal import too_new
from worker.feeding import message

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "contract"
GENERATE = sorted(FIXTURES.glob("*/generate-*.json"))
RUN = sorted(FIXTURES.glob("*/run.json"))


def read(path: Path) -> Any:
    """A fixture."""
    return json.loads(path.read_text(encoding="utf-8"))


def test_every_version_has_its_messages() -> None:
    """Whoever raises a version adds what is sent by it, and leaves the older files alone."""
    versions = {int(path.parent.name) for path in GENERATE}
    assert versions == set(range(1, CONTRACT_VERSION + 1))
    assert {int(path.parent.name) for path in RUN} == set(range(1, message.VERSION + 1))


@pytest.mark.parametrize("path", GENERATE, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_message_of_any_version_so_far_is_the_same_order_as_ever(path: Path) -> None:
    """Producers are upgraded when they are; what they sent must mean what it meant."""
    golden = read(path)
    order = order_of("t", (), golden["sent"], "the worker's")
    deadline = None if order.deadline is None else order.deadline.isoformat()
    seen = {"request": order.request, "lane": order.lane, "custom_id": order.custom_id, "deadline": deadline}
    assert seen == golden["ordered"]
    assert too_new(golden["sent"]) is None


def test_a_hint_is_what_workers_of_this_version_take() -> None:
    """The feeder and the workers of a rolling upgrade are of different versions."""
    golden = read(FIXTURES / str(message.VERSION) / "run.json")
    assert message.build("bulk", ["job-1", "job-2"]) == golden


def test_a_message_of_a_newer_contract_is_told_from_a_wrong_one() -> None:
    """It says which version came, which is known, and what can be done; what is no version is not newer."""
    failure = too_new({"prompt": "x", "version": CONTRACT_VERSION + 1})
    assert failure is not None
    assert failure.code == "newer_contract"
    assert str(CONTRACT_VERSION + 1) in failure.message
    assert "upgrade the workers" in failure.remedy
    odd: list[Any] = [None, "2", 0, -1, 1.5, True, CONTRACT_VERSION]
    assert [too_new({"version": version}) for version in odd] == [None] * len(odd)


def test_a_newer_message_is_read_as_far_as_this_version_goes() -> None:
    """So that it can be retried: nothing of it is dropped."""
    order = order_of("t", (), {"version": CONTRACT_VERSION + 1, "prompt": "Hello", "colour": "blue"}, "M")
    assert order.request == {"model": "M", "messages": [{"role": "user", "content": "Hello"}], "colour": "blue"}
