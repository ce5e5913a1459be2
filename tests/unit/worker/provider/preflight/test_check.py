from __future__ import annotations

import json
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.provider.account import Api
from worker.provider.catalogue import load
from worker.provider.preflight.check import MAX_FINDINGS, check
from worker.provider.preflight.encoding import MAX_DEPTH, MAX_REQUEST_BYTES
from worker.provider.preflight.finding import Finding

USER = {"role": "user", "content": "Hello"}
SOUND: dict[str, Any] = {"model": "MiniMax-M2.5", "messages": [USER]}
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
ASKED = {"role": "assistant", "content": None, "tool_calls": [CALL]}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": "42"}


def found(api: Api = Api.V2, **changes: Any) -> list[Finding]:
    return check({**SOUND, **changes}, api=api, catalogue=load())


def said(content: object) -> list[Finding]:
    return found(messages=[{"role": "user", "content": content}])


@pytest.mark.parametrize("api", Api)
@pytest.mark.parametrize(
    "request_",
    [
        SOUND,
        {**SOUND, "temperature": 0.7, "top_p": 1, "max_tokens": 100, "stream": True, "n": 1},
        {**SOUND, "temperature": None, "max_tokens": None},
        {**SOUND, "messages": [{"role": "system", "content": "Be brief."}, USER, {**USER, "role": "assistant"}, USER]},
        {**SOUND, "messages": [{**USER, "content": [{"type": "text", "text": "Hello"}]}]},
        {**SOUND, "messages": [{**USER, "content": "نمی‌خواهم این خانواده را در عکس ببینم، لطفاً توضیح بده 👨‍👩‍👧‍👦"}]},
        {**SOUND, "model": "MiniMax-M3", "messages": [{**USER, "content": "word " * 600_000}]},
    ],
)
def test_sound_request_has_no_findings(request_: dict[str, Any], api: Api) -> None:
    """What every API accepts passes without a word, a prompt of 3 MB on a model that holds it included."""
    assert check(request_, api=api, catalogue=load()) == []


def test_tool_conversation_passes() -> None:
    """Parallel calls with their results directly after them are what MiniMax wants."""
    second = {**CALL, "id": "c2"}
    messages = [USER, {**ASKED, "tool_calls": [CALL, second]}, {**RESULT, "tool_call_id": "c2"}, RESULT, USER]
    tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]
    assert found(messages=messages, tools=tools, tool_choice="auto") == []


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"model": None}, "model", "no model is named"),
        ({"model": 5}, "model", "not 5"),
        ({"model": "gpt-4o"}, "model", "'gpt-4o' is not a MiniMax model"),
        ({"model": "minimax-m2.5"}, "model", "not spelt"),
        ({"messages": None}, "messages", "missing"),
        ({"messages": []}, "messages", "not empty"),
        ({"messages": "Hello"}, "messages", "'Hello'"),
        ({"messages": ["Hello"]}, "messages[0]", "must be an object"),
        ({"messages": [{"content": "x"}]}, "messages[0].role", "missing"),
        ({"messages": [{**USER, "role": "developer"}]}, "messages[0].role", "'developer'"),
        ({"messages": [{**USER, "role": "User"}]}, "messages[0].role", "'User'"),
        ({"messages": [{**USER, "role": "group"}]}, "messages[0].role", "'group'"),
        ({"messages": [{**USER, "role": ["user"]}]}, "messages[0].role", "['user']"),
        ({"messages": [{**USER, "role": "system"}] * 2}, "messages[1]", "a second system message"),
        ({"messages": [{"role": "user"}]}, "messages[0].content", "missing"),
        ({"messages": [{**USER, "content": ""}]}, "messages[0].content", "is empty"),
        ({"messages": [{**USER, "content": " \n"}]}, "messages[0].content", "is empty"),
        ({"messages": [{**USER, "content": []}]}, "messages[0].content", "is empty"),
        ({"messages": [{**USER, "content": 5}]}, "messages[0].content", "not 5"),
        ({"messages": [{**USER, "content": ["x"]}]}, "messages[0].content[0]", "must be an object"),
        ({"messages": [{**USER, "content": [{"type": "text"}]}]}, "messages[0].content[0].text", "a string"),
        ({"messages": [{**USER, "content": [{"type": "text", "text": ""}]}]}, "messages[0].content[0].text", "empty"),
        ({"messages": [{**USER, "content": [{"type": "input_text"}]}]}, "messages[0].content[0].type", "'input_text'"),
        ({"messages": [{**USER, "content": [{"type": "image_url"}]}]}, "messages[0].content[0].image_url", "a url"),
        ({"messages": [{**USER, "function_call": {}}]}, "messages[0].function_call", "does not support"),
        ({"messages": [USER, RESULT]}, "messages[1].tool_call_id", "'c1' is no call"),
        ({"messages": [ASKED, USER]}, "messages[0].tool_calls[0]", "no result directly after"),
        ({"messages": [USER, ASKED]}, "messages[1].tool_calls[0]", "no result directly after"),
        ({"messages": [ASKED, {**RESULT, "tool_call_id": "c9"}, RESULT]}, "messages[1].tool_call_id", "'c9'"),
        ({"messages": [ASKED, {**RESULT, "tool_call_id": None}, RESULT]}, "messages[1].tool_call_id", "None"),
        ({"messages": [{**ASKED, "tool_calls": "c1"}]}, "messages[0].tool_calls", "must be a list"),
        ({"messages": [{**ASKED, "tool_calls": [{"id": "c1"}]}]}, "messages[0].tool_calls[0]", "with an id"),
        ({"messages": [{**ASKED, "tool_calls": [CALL, CALL]}, RESULT]}, "messages[0].tool_calls[1].id", "twice"),
        ({"tools": {}}, "tools", "must be a list"),
        ({"tools": [{"name": "f", "input_schema": {}}]}, "tools[0]", "a function with a name"),
        ({"temperature": 0}, "temperature", "0 is not above 0"),
        ({"temperature": 1.5}, "temperature", "1.5"),
        ({"temperature": "hot"}, "temperature", "'hot'"),
        ({"temperature": True}, "temperature", "True"),
        ({"temperature": float("nan")}, "temperature", "nan"),
        ({"top_p": 0}, "top_p", "0 is not"),
        ({"top_p": 1.1}, "top_p", "1.1"),
        ({"max_tokens": 0}, "max_tokens", "above 0"),
        ({"max_tokens": 10.5}, "max_tokens", "10.5"),
        ({"max_tokens": 10**5000}, "max_tokens", "at most 204,800"),
        ({"max_completion_tokens": 204_801}, "max_completion_tokens", "204801 tokens, MiniMax-M2.5"),
        ({"n": 2}, "n", "2"),
        ({"n": True}, "n", "True"),
        ({"stream": "yes"}, "stream", "'yes'"),
        ({"thinking": {"type": "enabled"}}, "thinking", "enabled"),
        ({"response_format": "json"}, "response_format", "'json'"),
        ({"v1_message_form": "both"}, "v1_message_form", "'both'"),
        ({"system": "Be brief."}, "system", "Anthropic"),
        ({"functions": []}, "functions", "OpenAI"),
        ({"max_output_tokens": 5}, "max_output_tokens", "Gemini"),
        ({"contents": []}, "contents", "Gemini"),
        ({"GroupId": "1"}, "GroupId", "URL"),
        ({"api_key": "k"}, "api_key", "header"),
        ({"messages": [{**USER, "content": "half \ud83d"}]}, "messages[0].content", "U+D83D at character 6"),
        ({"messages": [{**USER, "content": "much longer \0"}]}, "messages[0].content", "NUL character at character 13"),
        ({"response_format": {"a": [float("inf")]}}, "response_format.a[0]", "inf"),
        ({"response_format": {"at": datetime(2026, 1, 1, tzinfo=UTC)}}, "response_format.at", "a datetime"),
        ({"response_format": {"of": MappingProxyType({})}}, "response_format.of", "a mappingproxy"),
        ({"metadata": 10**5000}, "request", "cannot be written as JSON: ValueError"),
        ({"response_format": {"\ud800": 1}}, "response_format (a name in it)", "surrogate"),
        ({"response_format": {5: 1, "b": b""}}, "response_format", "must be a string"),
    ],
)
def test_fault_is_named_with_its_field_and_value(changes: dict[str, Any], field: str, words: str) -> None:
    """Every fault that MiniMax would refuse is found beforehand and says where and what it is."""
    findings = [finding for finding in found(**changes) if finding.field == field]
    assert any(words in finding.message and finding.fatal for finding in findings), found(**changes)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"model": "MiniMax-M9"}, "model"),
        ({"top_k": 5}, "top_k"),
        ({"stop": ["x"]}, "stop"),
        ({"logit_bias": {}}, "logit_bias"),
        ({"tempreature": 0.5}, "tempreature"),
        ({"reasoning_split": True}, "reasoning_split"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"max_tokens": 5, "max_completion_tokens": 5}, "max_tokens"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"messages": [{"role": "system", "content": "Be brief."}]}, "messages"),
        ({"messages": [{**USER, "refusal": "no"}]}, "messages[0].refusal"),
        ({"max_tokens": 204_800}, "messages"),
        ({"messages": [{**USER, "content": "a" * 4 * 210_000}]}, "messages"),
    ],
)
def test_harmless_oddity_only_warns(changes: dict[str, Any], field: str) -> None:
    """What MiniMax ignores, and what cannot be known here, is mentioned and does not stop the request."""
    assert [(finding.field, finding.fatal) for finding in found(**changes)] == [(field, False)]


@pytest.mark.parametrize(
    ("api", "model", "changes", "field"),
    [
        (Api.OPENAI, "M2-her", {}, "model"),
        (Api.OPENAI, "abab6.5s-chat", {}, "model"),
        (Api.V1, "M2-her", {}, "model"),
        (Api.V1, "MiniMax-Text-01", {"tools": []}, "tools"),
        (Api.V1, "MiniMax-Text-01", {"messages": [ASKED, RESULT]}, "messages[1].role"),
        (Api.V1, "MiniMax-Text-01", {"temperature": 1.5}, "temperature"),
        (Api.V1, "abab6.5s-chat", {"messages": [{"sender_type": "ME", "text": "x"}]}, "messages[0].sender_type"),
        (Api.V1, "abab6.5s-chat", {"messages": [{"sender_type": "USER"}]}, "messages[0].text"),
        (Api.V2, "abab6.5s-chat", {"prompt": "Be brief."}, "prompt"),
        (Api.V2, "MiniMax-M3", {"temperature": 2}, "temperature"),
        (Api.OPENAI, "MiniMax-M2.5", {"temperature": 2}, "temperature"),
        (Api.OPENAI, "MiniMax-M3", {"temperature": 2.1}, "temperature"),
    ],
)
def test_api_and_model_decide_what_is_allowed(api: Api, model: str, changes: dict[str, Any], field: str) -> None:
    """The same request may be refused on one API or model and allowed on another."""
    assert [f.field for f in found(api, **changes, model=model) if f.fatal] == [field]


def test_wider_ranges_and_roles_are_granted_where_they_hold() -> None:
    """MiniMax-M3 takes temperatures from 0 to 2 on the OpenAI-compatible API; M2-her has roles of its own."""
    assert found(Api.OPENAI, model="MiniMax-M3", temperature=0) == []
    assert found(Api.OPENAI, model="MiniMax-M3", temperature=2) == []
    assert found(Api.V1, messages=[{"sender_type": "USER", "text": "Hi"}], prompt="Be brief.", role_meta={}) == []
    assert found(model="M2-her", messages=[{"role": "user_system", "content": "A poet."}, USER]) == []


def test_prompt_over_the_context_names_estimate_limit_and_remedy() -> None:
    """3 MB on a model of 204,800 tokens is refused with a model that would hold it."""
    (finding,) = said("x" * 3_000_000)
    assert finding.fatal
    assert finding.message == "about 750,028 tokens, MiniMax-M2.5 holds 204,800"
    assert "MiniMax-M3 (1,000,000)" in finding.remedy


def test_request_over_the_size_limit_is_refused() -> None:
    """No request larger than the limit is stored or sent, whichever model it names."""
    fields = [
        f.field for f in found(model="MiniMax-M9", messages=[{**USER, "content": "é" * (MAX_REQUEST_BYTES // 2)}])
    ]
    assert fields == ["model", "request"]


def test_all_faults_are_reported_at_once() -> None:
    """Nobody mends one fault only to be told of the next."""
    fields = {
        finding.field
        for finding in found(model="gpt-4o", temperature=9, n=3, system="x", messages=[{"role": "bot", "content": ""}])
    }
    assert fields == {"model", "temperature", "n", "system", "messages[0].role", "messages[0].content"}


def test_number_of_findings_is_bounded() -> None:
    """A hundred thousand bad messages do not make a hundred thousand findings."""
    assert len(found(messages=["x"] * 100_000)) == MAX_FINDINGS


def test_endless_nesting_is_refused() -> None:
    """A structure that contains itself, or nests beyond any schema, neither loops nor overflows."""
    itself: dict[str, Any] = {}
    itself["itself"] = itself
    deep: Any = 1
    for _ in range(MAX_DEPTH + 1):
        deep = [deep]
    endless: Any = 1
    for _ in range(100_000):
        endless = [endless]
    for value in (itself, deep, endless):
        (finding,) = found(model="MiniMax-Text-01", response_format={"value": value})
        assert "nested deeper" in finding.message
        assert finding.field.startswith("response_format")


_anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=[]))
    | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
_near_messages = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "role": st.sampled_from(["user", "system", "tool", "assistant"]) | _anything,
            "content": _anything,
            "tool_calls": st.lists(st.just(CALL) | _anything) | _anything,
            "tool_call_id": st.just("c1") | _anything,
        },
    )
)


@given(
    st.dictionaries(
        st.sampled_from(["model", "messages", "temperature", "top_p", "n", "max_tokens", "tools", "thinking", "stop"]),
        _anything | _near_messages,
    ),
    st.sampled_from(Api),
)
def test_no_request_breaks_the_check(request_: dict[str, Any], api: Api) -> None:
    """Whatever a request holds, it is judged; and what passes can be written as JSON in UTF-8."""
    findings = check(request_, api=api, catalogue=load())
    if not any(finding.fatal for finding in findings):
        json.dumps(request_, ensure_ascii=False, allow_nan=False).encode()
