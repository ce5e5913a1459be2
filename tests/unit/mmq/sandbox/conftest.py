"""Fixtures of the sandbox's unit tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from mmq.sandbox.contract.api import Api
from mmq.sandbox.contract.call import Call, read_call
from mmq.sandbox.contract.models import MODELS
from mmq.sandbox.reply.answer import Length, compose
from mmq.sandbox.reply.exchange import Exchange

MakeCall = Callable[..., Call]


@pytest.fixture
def make_call() -> MakeCall:
    """Maker of calls: `make_call("hello", api=..., **fields of the body)`."""

    def make(prompt: str = "hello", api: Api = Api.V2, **fields: Any) -> Call:
        messages = [{"role": "user", "content": prompt}]
        body = {"model": "MiniMax-M2.5", "messages": messages} | fields
        return read_call(api, json.dumps(body).encode(), "f" * 32, 1_700_000_000)

    return make


@pytest.fixture
def make_exchange(make_call: MakeCall) -> Callable[..., Exchange]:
    """Maker of exchanges: `make_exchange(quirks={...}, prompt=..., api=..., **fields of the body)`."""

    def make(quirks: frozenset[str] | set[str] = frozenset(), **fields: Any) -> Exchange:
        call = make_call(**fields)
        model = MODELS[call.model]
        return Exchange(call, compose(call, model, Length()), model, frozenset(quirks))

    return make
