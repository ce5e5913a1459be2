"""What MiniMax's answer to one call says of the account."""

from __future__ import annotations

import json

import httpx
import pytest

from mmq.doctor import account
from mmq.doctor.check import Check, Level
from worker import settings

KEY = "sk-api-planted-in-a-test-0123456789"
LISTED = {"object": "list", "data": [{"id": "MiniMax-M2.7", "object": "model"}, {"id": "MiniMax-M3"}]}


def found(response: httpx.Response | Exception, seen: list[httpx.Request] | None = None, **environ: str) -> Check:
    """The one finding where MiniMax answers so."""

    def answer(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        if isinstance(response, Exception):
            raise response
        return response

    loaded = settings.load({"MMQ_HOME": "/srv/mmq", "MINIMAX_API_KEY": KEY, **environ})
    (check,) = account.look(loaded, httpx.MockTransport(answer))
    assert KEY not in f"{check.found}{check.remedy}"
    return check


def base_resp(code: int | str, message: str) -> httpx.Response:
    """A refusal of the native kind: HTTP 200, and the code in the body."""
    return httpx.Response(
        200, json={"base_resp": {"status_code": code, "status_msg": message}}, headers={"Trace-Id": "trace-1"}
    )


def test_the_call_is_one_get_on_the_api_root_with_the_key():
    """It costs nothing, and the key is in its header alone."""
    seen: list[httpx.Request] = []
    found(httpx.Response(200, json=LISTED), seen, MINIMAX_BASE_URL="https://api.minimaxi.com/v1")
    (request,) = seen
    assert (request.method, str(request.url)) == ("GET", "https://api.minimaxi.com/v1/models")
    assert request.headers["Authorization"] == f"Bearer {KEY}"


def test_an_accepted_key_is_ok_and_what_is_not_known_is_said():
    """The list says nothing about the balance."""
    check = found(httpx.Response(200, json=LISTED))
    assert check.level is Level.OK
    assert "accepts the key" in check.found
    assert "balance" in check.found


def test_legacy_v1_is_told_that_its_group_id_is_not_tried():
    """The list of models takes no GroupId."""
    check = found(httpx.Response(200, json=LISTED), MINIMAX_API="v1", MINIMAX_GROUP_ID="1789")
    assert "GroupId and balance" in check.found


def test_a_model_that_is_not_listed_is_a_warning_only():
    """Models of some plans are served without being listed."""
    check = found(httpx.Response(200, json=LISTED), MINIMAX_MODEL="MiniMax-M2.1")
    assert check.level is Level.WARN
    assert "MiniMax-M2.1 is not among the 2" in check.found


@pytest.mark.parametrize(
    ("response", "said", "remedy"),
    [
        (base_resp(1004, "login fail"), "1004: not authorised", "https://api.minimaxi.com/v1"),
        (base_resp("1004", "login fail"), "1004: not authorised", "https://api.minimaxi.com/v1"),
        (base_resp(1004, "token not match group"), "1004: GroupId belongs to another", "same account"),
        (base_resp(2049, "invalid api key"), "2049: invalid API key", "https://api.minimaxi.com/v1"),
        (base_resp(1008, "insufficient balance"), "1008: insufficient balance", "top up"),
        (base_resp(2056, "usage limit exceeded"), "2056: the token plan's usage limit", "five-hour window"),
        (
            httpx.Response(
                401,
                json={
                    "type": "error",
                    "error": {"type": "authorized_error", "message": "invalid api key (2049)", "http_code": "401"},
                    "request_id": "trace-1",
                },
            ),
            "2049: invalid API key",
            "https://api.minimaxi.com/v1",
        ),
        (httpx.Response(401, text="unauthorized"), "http_401", "api.minimaxi.com"),
        (httpx.Response(302, headers={"Location": "https://elsewhere.example"}), "http_302", "MINIMAX_BASE_URL"),
    ],
)
def test_a_refusal_of_the_account_fails_with_its_remedy(response, said, remedy):
    """Wrong key, wrong region, another account's group, no money, no plan left: each says what to do."""
    check = found(response)
    assert check.level is Level.FAIL
    assert check.found.startswith(said)
    assert remedy in check.remedy
    assert "request id" in check.found


def test_a_key_on_a_chinese_host_is_pointed_to_the_international_one():
    """The hint goes the way that is not taken."""
    check = found(base_resp(2049, "invalid api key"), MINIMAX_BASE_URL="https://api.minimaxi.com/v1")
    assert "https://api.minimax.io/v1" in check.remedy


@pytest.mark.parametrize(
    "response",
    [
        base_resp(1002, "rate limit exceeded(RPM)"),
        base_resp(1033, "system error"),
        httpx.Response(503, text="busy"),
        httpx.Response(404, text="404 page not found"),
        httpx.Response(200, text="<html><title>Sign in to the network</title></html>"),
        httpx.Response(200, json={"data": "none"}),
        httpx.Response(200, content=b""),
    ],
)
def test_what_says_nothing_about_the_key_is_a_warning(response):
    """A rate limit, MiniMax's own trouble, a host without such a list, a captive portal's page."""
    check = found(response)
    assert check.level is Level.WARN
    assert "could not be told" in check.found
    assert check.remedy


def test_a_refusal_that_repeats_the_key_is_shown_without_it():
    """A gateway's error page may echo the header; `found` looks for the key."""
    check = found(httpx.Response(401, content=json.dumps({"error": {"message": f"no such key: {KEY} (2049)"}})))
    assert "no such key" in check.found


def test_a_host_that_cannot_be_called_is_told_by_the_kind_of_failure():
    """Its reason is the finding about the host."""
    check = found(httpx.ConnectError("all connection attempts failed"))
    assert (check.level, check.found) == (Level.FAIL, "could not be asked: ConnectError")
