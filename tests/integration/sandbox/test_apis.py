"""The three chat APIs, the list of models, and everything that is no path of MiniMax's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from mmq.sandbox.config import SANDBOX_GROUP, SANDBOX_KEY
from mmq.sandbox.contract.digest import expected_digest

if TYPE_CHECKING:
    from conftest import Asker

LEGACY = "/text/chatcompletion"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("model", ["MiniMax-M3", "MiniMax-M2.5", "MiniMax-M1", "MiniMax-Text-01"])
@pytest.mark.parametrize("api", ["v2", "openai", "v1"])
def test_answer_belongs_to_its_prompt(
    asker: Asker, read_answer: Callable[[httpx.Response], str | None], api: str, model: str, stream: bool
) -> None:
    """Each API and model, with and without streaming; headers carry the body's id."""
    response = asker.post(f"prompt for {api}", api, model=model, stream=stream)
    digest = expected_digest([{"role": "user", "content": f"prompt for {api}"}])
    text = read_answer(response)
    assert text is not None
    assert text.count(f"sandbox:{digest} ") == 1
    identity = response.headers["trace-id"]
    assert f'"id":"{identity}"' in response.text
    assert response.headers["minimax-request-id"] == response.headers["x-mm-request-id"] == identity
    assert "retry-after" not in response.headers


def test_abab_model_speaks_sender_type(asker: Asker) -> None:
    """The legacy form of messages, with a prompt for the system's."""
    body = {"model": "abab6.5s-chat", "prompt": "Be brief.", "messages": [{"sender_type": "USER", "text": "hi"}]}
    reply = legacy(asker, {"GroupId": SANDBOX_GROUP}, json=body).json()["reply"]
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hi"}]
    assert reply.startswith(f"sandbox:{expected_digest(messages)}")


@pytest.mark.parametrize(
    ("params", "extra"),
    [
        ({}, {}),
        ({}, {"headers": {"GroupId": SANDBOX_GROUP}}),
        ({}, {"json": {"GroupId": SANDBOX_GROUP, "group_id": SANDBOX_GROUP}}),
        ({"group_id": SANDBOX_GROUP}, {}),
        ({"GroupId": "1"}, {}),
    ],
)
def test_legacy_group_counts_in_the_query_alone(asker: Asker, params: dict[str, str], extra: dict[str, Any]) -> None:
    """Header, body or another name: HTTP 401 with 1004."""
    response = legacy(asker, params, **extra)
    assert (response.status_code, response.json()["base_resp"]["status_code"]) == (401, 1004)


def legacy(asker: Asker, params: dict[str, str], **extra: Any) -> httpx.Response:
    """Ask the legacy API in whatever way."""
    headers = {"Authorization": f"Bearer {SANDBOX_KEY}"} | extra.pop("headers", {})
    return asker.client.post(asker.sandbox.base_url + LEGACY, params=params, headers=headers, **extra)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/chatcompletion"),
        ("POST", "/text/chatcompletion_v2/chat/completions"),
        ("POST", "/text/chatcompletion_pro"),
        ("GET", "/chat/completions"),
        ("POST", "/models"),
    ],
)
def test_unknown_path_is_a_plain_404(asker: Asker, method: str, path: str) -> None:
    """Text, yet with a request id."""
    response = asker.client.request(method, asker.sandbox.base_url + path)
    assert (response.status_code, response.text) == (404, "404 page not found")
    assert len(response.headers["minimax-request-id"]) == 32


def test_models_are_listed_to_those_with_a_key(asker: Asker) -> None:
    """OpenAI's list, or a base_resp in HTTP 200."""
    url = asker.sandbox.base_url + "/models"
    listed = asker.client.get(url, headers={"Authorization": f"Bearer {SANDBOX_KEY}"}).json()
    assert listed["data"][0].keys() == {"id", "object", "created", "owned_by"}
    created = {row["id"]: row["created"] for row in listed["data"]}
    assert created["MiniMax-M2"] < created["MiniMax-M2.5"] < created["MiniMax-M3"]
    refused = asker.client.get(url)
    assert (refused.status_code, refused.json()["base_resp"]["status_code"]) == (200, 1004)


def test_unknown_model_may_be_served_by_another(asker: Asker) -> None:
    """Refused with 2013 unless the quirk is on; then only the echo tells."""
    assert asker.code("hi", model="gpt-4o") == 2013
    assert asker.post("[[mmq:model_substituted]]", model="gpt-4o").json()["model"] == "MiniMax-M2.5"
