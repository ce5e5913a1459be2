"""What a key's form tells."""

from __future__ import annotations

import base64
import json

import pytest

from mmq.doctor import key
from mmq.doctor.check import Level
from worker import settings

LONG = "Zq3" * 12


def jwt(claims: dict[str, object]) -> str:
    """An unsigned token, as MiniMax's older keys are."""
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJSUzI1NiJ9.{payload}.c2lnbmF0dXJl"


def findings(**environ: str):
    """The findings of an environment, as name to level and text."""
    loaded = settings.load({"MMQ_HOME": "/srv/mmq", **environ})
    return {check.name: (check.level, check.found) for check in key.look(loaded)}


@pytest.mark.parametrize(
    ("value", "level", "said"),
    [
        (f"sk-api-{LONG}", Level.OK, "pay-as-you-go"),
        (f"sk-cp-{LONG}", Level.OK, "token plan"),
        (jwt({"GroupID": "1"}), Level.OK, "JWT"),
        (LONG, Level.WARN, "none of the forms"),
        (f"sk-ant-{LONG}", Level.FAIL, "Anthropic"),
        (f"sk-proj-{LONG}", Level.FAIL, "OpenAI"),
        (f"sk-or-v1-{LONG}", Level.FAIL, "OpenRouter"),
        ("sk-api-short", Level.FAIL, "12 characters only"),
        ("YOUR_MINIMAX_API_KEY", Level.FAIL, "placeholder"),
        ("<api-key-of-your-account>", Level.FAIL, "placeholder"),
        ("sk-api-xxxxxxxxxxxxxxxxxxxxxxxx", Level.FAIL, "placeholder"),
        ("$MINIMAX_KEY_OF_ANOTHER_FILE", Level.FAIL, "placeholder"),
    ],
)
def test_a_key_is_judged_by_its_form_without_being_shown(value, level, said):
    """Keys of other providers, placeholders and cut keys are the usual reasons of 1004 and 2049."""
    found_level, found = findings(MINIMAX_API_KEY=value)["key"]
    assert (found_level, said in found) == (level, True)
    assert value not in found


def test_a_provider_on_this_machine_takes_any_key():
    """The sandbox's key has none of MiniMax's forms."""
    found = findings(MINIMAX_API_KEY="sandbox-key", MINIMAX_BASE_URL="http://127.0.0.1:8080/v1")
    assert found["key"][0] is Level.OK


def test_no_key_is_no_finding_here():
    """That it is missing is a problem of the settings, which say so."""
    assert findings() == {}


@pytest.mark.parametrize(
    ("value", "group_id", "level", "said"),
    [
        (jwt({"GroupID": "1789"}), "1789", Level.OK, "the one that the key names"),
        (jwt({"GroupID": 1789}), "1789", Level.OK, "the one that the key names"),
        (jwt({"GroupID": "1789"}), "1790", Level.FAIL, "token not match group"),
        (jwt({"sub": "somebody"}), "1790", Level.OK, "is set"),
        (f"sk-api-{LONG}", "1789", Level.OK, "is set"),
        (f"sk-api-{LONG}", "my-group", Level.WARN, "is not a number"),
        ("eyJ.not-base64!.x" + LONG, "1789", Level.OK, "is set"),
    ],
)
def test_a_group_id_is_compared_with_the_one_in_the_key(value, group_id, level, said):
    """Legacy v1 answers 1004 if they differ; where the key names none, there is nothing to compare."""
    found = findings(MINIMAX_API="v1", MINIMAX_API_KEY=value, MINIMAX_GROUP_ID=group_id)
    assert (found["group id"][0], said in found["group id"][1]) == (level, True)


def test_a_group_id_that_is_not_needed_is_said_to_be_so():
    """People carry it over from v1."""
    assert "v2 does not need it" in findings(MINIMAX_API_KEY=f"sk-api-{LONG}", MINIMAX_GROUP_ID="1789")["group id"][1]
