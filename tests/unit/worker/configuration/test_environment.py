"""Single variables, with what people really paste into them."""

from __future__ import annotations

import pytest

from worker.configuration.environment import Reader, visible

KEY = "sk-api-abc.DEF-123_456"
ROOT = "https://api.minimax.io/v1"


def read(value: str) -> Reader:
    """A reader of one variable, X."""
    return Reader({"X": value})


@pytest.mark.parametrize(
    ("pasted", "warning"),
    [
        (KEY, None),
        (f"  {KEY}\n", "stray or invisible spaces"),
        (f"\u200b{KEY}\ufeff", "stray or invisible spaces"),
        (f"{KEY[:6]}\u200d{KEY[6:]}", "stray or invisible spaces"),
        (f"\u00a0{KEY}", "stray or invisible spaces"),
        (f'"{KEY}"', "quotes"),
        (f"'{KEY}'", "quotes"),
        (f"Bearer {KEY}", "Bearer"),
        (f'"bearer {KEY}"', "Bearer"),
    ],
)
def test_a_key_is_freed_from_what_was_pasted_with_it(pasted, warning):
    """The key works, and a warning tells what was removed without showing the key."""
    reader = read(pasted)
    key = reader.key("X")
    assert key is not None
    assert key.reveal() == KEY
    assert reader.problems == []
    assert bool(reader.warnings) == bool(warning)
    assert warning is None or warning in " ".join(reader.warnings)
    assert KEY not in str(reader.warnings)


@pytest.mark.parametrize("pasted", [f"{KEY} {KEY}", f"{KEY}\u00a0x", "schlüssel", f"{KEY}\u2026"])
def test_a_key_that_cannot_be_one_is_a_problem_that_does_not_show_it(pasted):
    """Spaces or foreign letters inside are not guessed at."""
    reader = read(pasted)
    assert reader.key("X") is None
    assert [problem.field for problem in reader.problems] == ["X"]
    assert KEY not in str(reader.problems)


@pytest.mark.parametrize("empty", ["", "   ", "\u200b"])
def test_an_empty_key_is_no_key(empty):
    """As if the variable were not set."""
    assert read(empty).key("X") is None


def test_a_key_and_a_key_file_together_are_a_problem():
    """Which of them counts is not guessed."""
    reader = Reader({"X": KEY, "X_FILE": "/run/secrets/key"})
    reader.key("X")
    assert [problem.message for problem in reader.problems] == ["is set, and X_FILE too"]


@pytest.mark.parametrize(
    ("pasted", "root"),
    [
        (ROOT, ROOT),
        (f"{ROOT}/", ROOT),
        (f" {ROOT} ", ROOT),
        ("https://api.minimaxi.com/v1", "https://api.minimaxi.com/v1"),
        ("https://gateway.example/minimax/v1", "https://gateway.example/minimax/v1"),
        ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1"),
        ("http://localhost:8080/v1", "http://localhost:8080/v1"),
        ("http://[::1]:8080/v1", "http://[::1]:8080/v1"),
        ("https://api.minimax.io", ROOT),
        ("https://api.minimax.io/", ROOT),
        ("", ROOT),
    ],
)
def test_an_api_root_is_taken_with_or_without_a_slash(pasted, root):
    """What was meant is clear in all of these."""
    reader = read(pasted)
    assert reader.api_root("X", default=ROOT) == root
    assert reader.problems == []


@pytest.mark.parametrize(
    "path",
    [
        "/v1/text/chatcompletion_v2", "/v1/text/chatcompletion_v2/", "/v1/text/chatcompletion_pro",
        "/v1/text/chatcompletion", "/v1/text/chatcompletion?GroupId=123", "/v1/text", "/v1/chat/completions",
        "/v1/chat/completions/", "/v1/chat", "/v1/models", "/v1/responses", "/anthropic", "/anthropic/v1",
        "/anthropic/v1/messages", "/v1?GroupId=123", "/v1#top",
    ],
)  # fmt: skip
def test_an_endpoint_in_place_of_the_root_is_refused_with_the_root_it_should_be(path):
    """A doubled path makes MiniMax answer 404 or, worse, 1004."""
    reader = read(f"https://api.minimax.io{path}")
    reader.api_root("X", default="https://elsewhere.example/v1")
    assert [problem.field for problem in reader.problems] == ["X"]
    assert ROOT in reader.problems[0].remedy
    assert f"{ROOT}/" not in reader.problems[0].remedy


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        ("http://api.minimax.io/v1", "in the clear"),
        ("api.minimax.io/v1", "not an http(s) URL"),
        ("ftp://api.minimax.io/v1", "not an http(s) URL"),
        ("https:///v1", "not an http(s) URL"),
        ("https://api.minimax.io:port/v1", "not a URL"),
        ("https://[::1/v1", "not a URL"),
        ("https://user:word@api.minimax.io/v1", "user or password"),
        ("https://platform.minimax.io/v1", "console"),
        ("https://platform.minimaxi.com/user-center", "console"),
    ],
)
def test_what_is_no_api_root_is_refused(pasted, said):
    """Each with what is wrong and a root to set."""
    reader = read(pasted)
    assert reader.api_root("X", default=ROOT) == ROOT
    assert [said in problem.message for problem in reader.problems] == [True]
    assert "https://" in reader.problems[0].remedy


@pytest.mark.parametrize(
    ("text", "number"), [("500", 500.0), ("0.5", 0.5), ("1_000", 1000.0), (" 7 ", 7.0), ("", None)]
)
def test_numbers_above_zero_are_read(text, number):
    """None is not set."""
    reader = read(text)
    assert reader.number("X") == number
    assert reader.problems == []


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "ten", "1e999", "5 rpm"])
def test_what_is_no_number_above_zero_is_a_problem(text):
    """It is repeated, so that it is found again."""
    reader = read(text)
    assert reader.number("X") is None
    assert repr(text) in reader.problems[0].message


def test_a_whole_number_has_no_fraction():
    """Half a call at a time makes no sense; 2.0 does."""
    assert read("2.0").whole("X") == 2
    reader = read("2.5")
    assert reader.whole("X") is None
    assert len(reader.problems) == 1


def test_a_choice_is_read_in_any_case_and_anything_else_is_a_problem():
    """The choices are listed."""
    assert read("OpenAI").choice("X", ["v2", "openai"], default="v2") == "openai"
    assert read("").choice("X", ["v2", "openai"], default="v2") == "v2"
    reader = read("v9")
    assert reader.choice("X", ["v2", "openai"], default="v2") == "v2"
    assert "v2, openai" in reader.problems[0].remedy


@pytest.mark.parametrize(
    ("text", "shown"),
    [("plain", "plain"), ("  a b ", "a b"), ("a\u200bb", "ab"), ("a\x00b", "ab"), ("a\u2003b", "a b"), ("\t\n", "")],
)
def test_invisible_characters_are_removed_and_odd_spaces_made_plain(text, shown):
    """What nobody sees when pasting cannot be meant."""
    assert visible(text) == shown
