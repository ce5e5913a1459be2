"""One chat call from its first byte to its last: who asks, what for, may it, and what becomes of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from aiohttp import web

from mmq.sandbox.call_log import ABANDONED, Entry
from mmq.sandbox.contract.api import Api
from mmq.sandbox.contract.auth import Caller
from mmq.sandbox.contract.call import Call, read_call
from mmq.sandbox.contract.codes import Refused
from mmq.sandbox.contract.models import MODELS, Model
from mmq.sandbox.contract.validate import check
from mmq.sandbox.limits.budget import Budget
from mmq.sandbox.reply.answer import Answer, compose
from mmq.sandbox.reply.build import bend, build
from mmq.sandbox.reply.exchange import Exchange
from mmq.sandbox.reply.refusal import Asked, refusal
from mmq.sandbox.reply.reply import Reply
from mmq.sandbox.send import id_headers, send
from mmq.sandbox.state import State

_SUBSTITUTES = ("MiniMax-M2.5", "MiniMax-M2.1")


@dataclass(frozen=True, slots=True)
class _Admitted:
    """A call that was let through, with what it will get if nothing goes wrong, and the budget to give back."""

    call: Call
    model: Model
    answer: Answer
    budget: Budget


async def chat(state: State, request: web.BaseRequest, api: Api) -> web.StreamResponse:
    """Answer a chat request on the path of an API, and log it."""
    entry = Entry(state.request_id(), request.path, state.now(), api=api.value)
    log = state.log
    log.opened(entry)
    try:
        return await _respond(state, request, api, entry)
    except (asyncio.CancelledError, ConnectionError):
        # The client left, or the sandbox closes: nobody got the whole of it. A fault keeps its name.
        entry.outcome = entry.outcome or ABANDONED
        raise
    finally:
        log.closed(entry, state.now())


async def _respond(state: State, request: web.BaseRequest, api: Api, entry: Entry) -> web.StreamResponse:
    quirks = state.config.quirks
    try:
        caller, call = await _read(state, request, api, entry)
        quirks = state.planner.quirks(call)
        admitted = _admit(state, caller, call, quirks)
    except Refused as refused:
        asked = Asked(api, entry.request_id, int(entry.started), entry.model or "")
        entry.outcome, entry.code = str(refused.code), refused.code
        return await _send(request, entry, bend(refusal(asked, refused, quirks), quirks))
    try:
        return await _perform(state, request, entry, admitted)
    finally:
        admitted.budget.release()


async def _read(state: State, request: web.BaseRequest, api: Api, entry: Entry) -> tuple[Caller, Call]:
    # Parsing the query costs, and only one API looks at it.
    group_id = request.query.get("GroupId") if api is Api.V1 else None
    caller = state.keys.caller(request.headers.get("Authorization"), group_id, api)
    entry.key = caller.label
    try:
        raw = await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise Refused(2013, "invalid params, context window exceeds limit") from None
    call = read_call(api, raw, entry.request_id, int(entry.started))
    entry.model, entry.stream = call.model, call.stream
    state.log.read(entry, call.digest)
    return caller, call


def _admit(state: State, caller: Caller, call: Call, quirks: frozenset[str]) -> _Admitted:
    model = check(call, _substitute(call) if "model_substituted" in quirks else None)
    answer = compose(call, model, state.config.length)
    budget = state.limits.budget(caller.account, call.model)
    budget.admit(state.now(), answer.total_tokens)
    return _Admitted(call, model, answer, budget)


async def _perform(state: State, request: web.BaseRequest, entry: Entry, admitted: _Admitted) -> web.StreamResponse:
    config, call, answer, model = state.config, admitted.call, admitted.answer, admitted.model
    nth = state.log.admitted(entry)
    plan = state.planner.plan(call, nth)
    if "model_substituted" in plan.quirks:
        model = MODELS[_substitute(call)]
    if "huge_body" in plan.quirks:
        answer = answer.swollen(config.huge_bytes)
    reply = build(Exchange(call, answer, model, plan.quirks), plan)
    entry.code = plan.code
    # A good answer is one only once it is sent; a fault is one from the start.
    entry.outcome = plan.fault
    # A hanging stream opens at once and then never says anything.
    wait_s = 0.0 if plan.fault == "hang" and call.stream else _latency_s(state, call, nth)
    if "slow_headers" in plan.quirks:
        wait_s += config.slow_s
    if wait_s > 0:
        await asyncio.sleep(wait_s)
    pace = config.tokens_per_second
    response = await _send(request, entry, reply, answer.completion_tokens / pace if pace else 0.0)
    entry.outcome, entry.answered = plan.outcome, plan.good
    return response


async def _send(request: web.BaseRequest, entry: Entry, reply: Reply, duration_s: float = 0.0) -> web.StreamResponse:
    entry.http_status = reply.status
    return await send(request, reply, id_headers(entry.request_id, entry.started), duration_s)


def _latency_s(state: State, call: Call, nth: int) -> float:
    config = state.config
    if not config.latency_jitter:
        return config.latency_s
    drawn = state.planner.draw(call.digest, nth, "latency")
    return config.latency_s * (1 + config.latency_jitter * (2 * drawn - 1))


def _substitute(call: Call) -> str:
    return next(name for name in _SUBSTITUTES if name != call.model)
