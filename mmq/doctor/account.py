"""Whether MiniMax accepts the key: one call that costs nothing, `GET /models`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import httpx

from mmq.doctor.check import Check, fail, ok, warn
from worker.provider.account import Account, Api
from worker.provider.classification import Action, classify
from worker.provider.refusal import Refusal
from worker.provider.scrub import MESSAGE_LIMIT, Scrub
from worker.provider.wire.body import body_of
from worker.provider.wire.envelope import failure_of
from worker.provider.wire.response_headers import request_id
from worker.settings import Settings

TIMEOUT_S = 10.0
BALANCE = "balance and plan show at the first job only"


def look(settings: Settings, transport: httpx.BaseTransport | None = None) -> Iterator[Check]:
    """Ask for the list of models with the key, and say what the answer means for the account."""
    if (account := settings.account) is None:
        return
    url = f"{account.base_url}/models"
    key = account.key.reveal()
    response: httpx.Response | None = None
    try:
        # As calls do: no proxy of the environment, no redirect, either of which would carry the key elsewhere.
        with httpx.Client(transport=transport, timeout=TIMEOUT_S, trust_env=False) as client:
            response = client.get(url, headers={"Authorization": f"Bearer {key}"})
    except httpx.HTTPError as exc:
        cause = type(exc).__name__
    if response is None:  # outside of the except block: the exception holds the request with its key
        yield fail("account", f"could not be asked: {cause}", "see what is said of the host")
        return
    models = settings.payers[0].models
    yield from _judge(account, [settings.model] if models is None else sorted(models), response)


def _judge(account: Account, models: Sequence[str], response: httpx.Response) -> Iterator[Check]:
    body = body_of(response.content)
    payload = body.payload or {}
    failure = failure_of(payload)
    listed = _ids(payload)
    if failure is None and response.status_code == 200 and listed is not None:
        yield _accepted(account, models, listed)
        return
    if failure is None and response.status_code == 404:
        found = f"could not be told: {account.base_url} lists no models"
        yield warn("account", found, "check MINIMAX_BASE_URL; if it is right, the first job will tell")
        return
    scrub = Scrub(account.key)
    refusal = Refusal(
        code=failure.code if failure else None,
        http_status=response.status_code,
        message=scrub(failure.message if failure else body.message, MESSAGE_LIMIT),
        request_id=request_id(response.headers, payload),
        cause=body.cause,
    )
    verdict = classify(refusal, account)
    said = f", in MiniMax's words {refusal.message!r}" if refusal.message else ""
    found = f"{verdict.code}: {verdict.meaning}{said} (request id {refusal.request_id or 'none'})"
    if verdict.action in {Action.PAUSE, Action.FAIL}:
        yield fail("account", found, verdict.remedy)
    else:
        remedy = "try again in a minute" if verdict.action is Action.SNOOZE else f"try again; {verdict.remedy}"
        yield warn("account", f"could not be told. {found}", remedy)


def _accepted(account: Account, models: Sequence[str], listed: set[str]) -> Check:
    unasked = f"GroupId and {BALANCE}" if account.api is Api.V1 else BALANCE
    found = f"MiniMax accepts the key ({unasked})"
    missing = [model for model in models if model not in listed]
    if not missing:
        return ok("account", found)
    # Models of some plans are served although they are not listed.
    remedy = "if jobs fail with 'unknown model', set MINIMAX_MODEL to one that is listed"
    verb, names = "is" if len(missing) == 1 else "are", ", ".join(missing)
    return warn("account", f"{found}; {names} {verb} not among the {len(listed)} models that it lists", remedy)


def _ids(payload: dict[str, Any]) -> set[str] | None:
    data = payload.get("data")
    if not isinstance(data, list):
        return None
    return {entry["id"] for entry in data if isinstance(entry, dict) and isinstance(entry.get("id"), str)}
