from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.minimax_calls import account
from worker.errors import CallFailed
from worker.provider.classification import Action, classify, codes
from worker.provider.refusal import Refusal

RETRY, SNOOZE, PAUSE, FAIL = Action.RETRY, Action.SNOOZE, Action.PAUSE, Action.FAIL


@pytest.mark.parametrize(
    ("code", "action", "dimension", "retries"),
    [
        (1000, RETRY, None, 2),
        (1001, RETRY, None, 3),
        (1002, SNOOZE, "requests", 0),
        (1004, PAUSE, None, 0),
        (1008, PAUSE, None, 0),
        (1013, RETRY, None, 4),
        (1024, RETRY, None, 4),
        (1026, FAIL, None, 0),
        (1027, RETRY, None, 1),
        (1028, PAUSE, None, 0),
        (1030, PAUSE, None, 0),
        (1033, RETRY, None, 4),
        (1039, SNOOZE, "tokens", 0),
        (1041, SNOOZE, "concurrency", 0),
        (1042, FAIL, None, 0),
        (2013, FAIL, None, 0),
        (2044, FAIL, None, 0),
        (2045, SNOOZE, "slope", 0),
        (2049, PAUSE, None, 0),
        (2056, PAUSE, None, 0),
        (2061, FAIL, None, 0),
        (2062, SNOOZE, "requests", 0),
        (2064, RETRY, None, 6),
        (1400010161, RETRY, None, 2),
    ],
)
@pytest.mark.parametrize("http_status", [200, 429, 500])
def test_minimax_code_decides_whatever_the_http_status(
    code: int, action: Action, dimension: str | None, retries: int, http_status: int
) -> None:
    """Every code of the wire reference, and one of none."""
    verdict = classify(Refusal(code=code, http_status=http_status), account())
    assert (verdict.action, verdict.dimension, verdict.retries) == (action, dimension, retries)
    assert verdict.code == str(code)


@pytest.mark.parametrize(
    ("status", "action"),
    [
        (301, PAUSE),
        (307, PAUSE),
        (400, FAIL),
        (401, PAUSE),
        (402, PAUSE),
        (403, PAUSE),
        (404, PAUSE),
        (405, PAUSE),
        (408, RETRY),
        (413, FAIL),
        (418, FAIL),
        (422, FAIL),
        (429, SNOOZE),
        (500, RETRY),
        (502, RETRY),
        (503, RETRY),
        (504, RETRY),
        (529, RETRY),
        (599, RETRY),
        (999, RETRY),
    ],
)
def test_http_status_decides_without_a_code(status: int, action: Action) -> None:
    """Whatever the body was."""
    verdict = classify(Refusal(http_status=status, cause="html_body"), account())
    assert (verdict.action, verdict.code) == (action, f"http_{status}")


@pytest.mark.parametrize(
    ("status", "message", "action"),
    [
        (500, "unknown error, 520 (1000)", RETRY),
        (200, "unknown error, 999 (1000)", RETRY),
        (200, "system default error", RETRY),
        (200, "model service busy", RETRY),
        (200, "", RETRY),
        (400, "unknown error", FAIL),
        (422, "", FAIL),
        (200, "invalid model", FAIL),
        (200, "invalid parameter", FAIL),
        (500, "unsupported field frequency_penalty", FAIL),
        (200, "'messages' malformed", FAIL),
        (200, "max_tokens out of range", FAIL),
        (200, "model is not known", FAIL),
        (200, "参数错误", FAIL),
    ],
)
def test_code_1000_fails_at_once_if_the_request_is_at_fault(status: int, message: str, action: Action) -> None:
    """HTTP 400 or 422, or a parameter's name, make it the request's fault; else it is worth two retries."""
    verdict = classify(Refusal(code=1000, http_status=status, message=message), account())
    assert (verdict.action, verdict.retries) == (action, 2 if action is RETRY else 0)
    assert verdict.code == "1000"
    for hint in ("model name", "message format", "unsupported parameters", "another provider", "JSON"):
        assert hint in verdict.remedy


@pytest.mark.parametrize(
    ("fields", "code", "message", "meaning", "remedy"),
    [
        ({"api": "v1", "group_id": None}, 1004, "authentication failed", "GroupId is missing", "MINIMAX_GROUP_ID"),
        ({"api": "v1", "group_id": ""}, 2049, "invalid api key", "GroupId is missing", "MINIMAX_GROUP_ID"),
        ({"api": "v1"}, 1004, "token not match group", "another account", "same account"),
        ({"api": "v2", "key": " sk-x"}, 1004, "authentication failed", "malformed", "key alone"),
        ({"api": "v2", "key": '"sk-x"'}, 1004, "authentication failed", "malformed", "key alone"),
        ({"api": "v2", "key": "Bearer sk-x"}, 2049, "invalid api key", "malformed", "key alone"),
        (
            {"api": "v2"},
            1004,
            "login fail: Please carry the API secret key in the 'Authorization' field of the request header",
            "no key in the Authorization header",
            "proxy",
        ),
        ({"api": "v2"}, 1004, "authentication failed", "not authorised", "deleted"),
        ({"api": "v2"}, 2049, "invalid api key", "invalid API key", "https://api.minimaxi.com/v1"),
        (
            {"api": "v2", "base_url": "https://api.minimaxi.com/v1"},
            2049,
            "",
            "invalid API key",
            "MINIMAX_BASE_URL=https://api.minimax.io/v1",
        ),
        (
            {"api": "v2", "base_url": "https://gateway.example/minimax"},
            2049,
            "",
            "invalid API key",
            "https://api.minimax.io/v1 (international) or https://api.minimaxi.com/v1 (China)",
        ),
    ],
)
def test_a_refused_key_gets_the_diagnosis_that_fits(
    fields: dict[str, str], code: int, message: str, meaning: str, remedy: str
) -> None:
    """Missing or foreign GroupId, malformed key, lost header, wrong region, deleted key."""
    verdict = classify(Refusal(code=code, http_status=200, message=message), account(**fields))
    assert verdict.action is PAUSE
    assert verdict.code == str(code)
    assert meaning in verdict.meaning
    assert remedy in verdict.remedy


@pytest.mark.parametrize(
    ("message", "meaning"),
    [
        ("invalid params, unknown model 'gpt-4o' (2013)", "unknown model"),
        ("invalid params, context window exceeds limit (2013)", "longer than the model's context"),
        ("invalid params, chat content is empty (2013)", "empty"),
        ("invalid params, invalid chat setting (2013)", "system message"),
        ("invalid params, glyph (2013)", "invalid parameters"),
    ],
)
def test_invalid_params_are_told_apart_by_their_text(message: str, meaning: str) -> None:
    """MiniMax has one code for all of them."""
    verdict = classify(Refusal(code=2013, http_status=400, message=message), account())
    assert verdict.action is FAIL
    assert meaning in verdict.meaning


def test_a_wrong_path_is_named_with_the_path() -> None:
    """A 404 means the base URL; a gateway's JSON that names the model means the request."""
    wrong = classify(Refusal(http_status=404, cause="not_json", message="404 page not found"), account("openai"))
    assert wrong.action is PAUSE
    assert "/chat/completions" in wrong.remedy
    assert classify(Refusal(http_status=404, message="model x not found"), account()).action is FAIL


@pytest.mark.parametrize(
    ("refusal", "ambiguous"),
    [
        (Refusal(cause="ClientConnectorError"), False),
        (Refusal(cause="ConnectionTimeoutError"), False),
        (Refusal(cause="ClientConnectorDNSError"), False),
        (Refusal(cause="ServerDisconnectedError"), True),
        (Refusal(cause="ClientOSError"), True),
        (Refusal(cause="first_byte_timeout"), True),
        (Refusal(cause="total_timeout", http_status=200), True),
        (Refusal(code=1001, http_status=200), True),
        (Refusal(http_status=504), True),
        (Refusal(code=1002, http_status=429), False),
        (Refusal(code=2064, http_status=200), False),
        (Refusal(code=2064, http_status=200, partial_text="Once"), True),
    ],
)
def test_doubt_about_what_was_paid_is_told(refusal: Refusal, ambiguous: bool) -> None:
    """Once the request was out or words came, the work may be done and charged."""
    assert classify(refusal, account()).ambiguous is ambiguous


@pytest.mark.parametrize("code", sorted(codes().rows))
def test_every_row_says_what_to_do(code: str) -> None:
    """Meaning, remedy and source are there, and each action has what it needs and no more."""
    row = codes().rows[code]
    assert row.meaning
    assert row.remedy
    assert row.source
    assert (row.action is SNOOZE) == (row.dimension in {"requests", "tokens", "concurrency", "slope"})
    assert (row.action is RETRY) == (0 < row.retries < 10)


@given(
    st.builds(
        Refusal,
        code=st.none() | st.integers(1, 10**10),
        http_status=st.none() | st.integers(100, 999),
        message=st.text(),
        cause=st.none() | st.text(max_size=12) | st.sampled_from(["http_12", "http_x", "ReadError"]),
    ),
    st.sampled_from(["v1", "v2", "openai"]),
)
def test_any_refusal_gets_a_verdict(refusal: Refusal, api: str) -> None:
    """No combination is without an answer, and placeholders are always filled."""
    verdict = classify(refusal, account(api))
    assert verdict.code
    assert "{" not in verdict.remedy


def test_a_failed_call_is_one_clear_sentence() -> None:
    """Code, meaning, HTTP status and request id; nothing that MiniMax may have quoted from the prompt."""
    refusal = Refusal(
        code=2013, http_status=400, message="bad: my secret prompt", request_id="r1", body="my secret prompt"
    )
    failed = CallFailed(refusal, classify(refusal, account()))
    assert str(failed) == "MiniMax 2013: invalid parameters (http 400, request id r1)"
