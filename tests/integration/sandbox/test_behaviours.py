"""Every fault spoils the answer, every quirk leaves it whole: over real sockets, on all three APIs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from mmq.sandbox.contract.codes import CODES
from mmq.sandbox.contract.digest import expected_digest
from mmq.sandbox.faults.registry import FAULTS, QUIRKS
from support.waiting import eventually

if TYPE_CHECKING:
    from conftest import Asker

ReadAnswer = Callable[[httpx.Response], str | None]
APIS = ("v2", "openai", "v1")
#: What a client sees of faults that end the connection or never end it.
BROKEN = {
    "hang": httpx.ReadTimeout,
    "stall": httpx.ReadTimeout,
    "early_close": httpx.RemoteProtocolError,
    "disconnect": httpx.RemoteProtocolError,
    "reset": httpx.ReadError,
    "reset_mid_stream": httpx.ReadError,
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("fault", FAULTS)
def test_fault_leaves_no_answer(asker: Asker, read_answer: ReadAnswer, fault: str, api: str, stream: bool) -> None:
    """A careful reader finds none, the log names the fault and counts nothing as answered."""
    prompt = f"[[mmq:{fault}]] {api} {stream}"
    if fault in BROKEN:
        with pytest.raises(BROKEN[fault]):
            asker.post(prompt, api, stream=stream, read_s=0.1)
    else:
        assert read_answer(asker.post(prompt, api, stream=stream)) is None
    entry = eventually(lambda: ended(asker, prompt))
    assert (entry["outcome"], entry["answered"]) == (fault, False)


def ended(asker: Asker, prompt: str) -> dict[str, Any] | None:
    """Return the log's entry of a prompt, once its call has ended."""
    digest = expected_digest([{"role": "user", "content": prompt}])
    return next((row for row in asker.sandbox.log() if row["digest"] == digest and row["finished"]), None)


def test_half_a_body_announces_the_whole(asker: Asker) -> None:
    """Without streaming, the Content-Length tells that more was to come."""
    with pytest.raises(httpx.RemoteProtocolError, match=r"received \d+ bytes, expected \d+"):
        asker.post("[[mmq:early_close]] announced")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("quirk", QUIRKS)
def test_quirk_leaves_the_answer_whole(
    asker: Asker, read_answer: ReadAnswer, quirk: str, api: str, stream: bool
) -> None:
    """A careful reader still finds the answer, and it is this prompt's."""
    prompt = f"[[mmq:{quirk}]] {api} {stream}"
    text = read_answer(asker.post(prompt, api, stream=stream, stream_options={"include_usage": True}))
    assert text is not None
    digest = expected_digest([{"role": "user", "content": prompt}])
    assert text.count(f"sandbox:{digest} ") == 1
    assert asker.sandbox.log()[-1]["answered"]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("code", CODES)
def test_code_is_answered_in_the_form_of_the_api(asker: Asker, code: int, stream: bool) -> None:
    """Native paths: HTTP 200 and base_resp. OpenAI path: the status, and the code in the message."""
    for api in ("v2", "v1"):
        native = asker.post(f"[[mmq:{code}]]", api, stream=stream)
        assert (native.status_code, native.json()["base_resp"]["status_code"]) == (200, code)
    compatible = asker.post(f"[[mmq:{code}]]", "openai", stream=stream)
    body = compatible.json()
    assert body["error"]["message"].endswith(f"({code})")
    assert body["error"]["http_code"] == str(compatible.status_code) == str(CODES[code].http)
    assert body["request_id"] == compatible.headers["trace-id"]


@pytest.mark.parametrize(
    ("marker", "present"),
    [
        ("done_sent", b"data: [DONE]\n\n"),
        ("pings", b": ping\n\ndata: "),
        ("crlf", b"}\r\n\r\n"),
        ("role_empty", b'"role":""'),
        ("think_opener_only", b"<think>\\n"),
        ("think_closer_only", b"\\n</think>\\n\\n"),
        ("full_frame", b'"object":"chat.completion","usage"'),
        ("warning_status_msg]][[mmq:full_frame", b'"status_code":0,"status_msg":"Invalid parameters'),
        ("string_status_code]][[mmq:full_frame", b'"status_code":"0"'),
        ("model_substituted", b'"model":"MiniMax-M2.1"'),
    ],
)
def test_quirk_is_really_there(asker: Asker, marker: str, present: bytes) -> None:
    """A quirk that does nothing would test nothing."""
    assert present in asker.post(f"[[mmq:{marker}]]", stream=True).content
    assert present not in asker.post("plain", stream=True).content
