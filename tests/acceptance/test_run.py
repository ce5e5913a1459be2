"""`mmq run`, as a person runs it: a real process, real workers, real Redis, and a MiniMax on loopback."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mmq.sandbox.contract.digest import expected_digest
from support.command_line import CommandLine, lines_of

PROMPTS = [f"Tell me about the number {number}, naïve as 北京 may be" for number in range(1, 31)]


def digest(prompt: str) -> str:
    """Return what the sandbox's answer to a prompt carries."""
    return f"sandbox:{expected_digest([{'role': 'user', 'content': prompt}])}"


@pytest.mark.parametrize("api", ["v2", "openai", "v1"])
def test_every_line_is_answered_once_in_order_by_each_api(place: Callable[..., tuple], api: str) -> None:
    """Answers match their prompts, nothing goes to stdout, nothing is left running."""
    mmq, sandbox = place(latency_ms=20)
    source = mmq.write("in.txt", *PROMPTS)
    done = mmq.run("run", source, "-o", "out.jsonl", "--api", api, MINIMAX_GROUP_ID="1000000001")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    answers = [line["response"]["body"]["choices"][0]["message"]["content"] for line in mmq.read("out.jsonl")]
    assert len(answers) == len(PROMPTS)
    assert all(digest(prompt) in answer for prompt, answer in zip(PROMPTS, answers, strict=True))
    assert {row["answered"] for row in sandbox.prompts().values()} == {1}
    assert {entry["api"] for entry in sandbox.log()} == {api}
    assert not (mmq.folder / "out.errors.jsonl").exists()
    assert mmq.nothing_runs()


def test_answers_that_cannot_be_written_are_told_and_kept(place: Callable[..., tuple]) -> None:
    """The disk is full: one line says so, no traceback, and the same command writes them without asking again."""
    mmq, sandbox = place()
    source = mmq.write("in.txt", *PROMPTS[:3])
    full = mmq.run("run", source, "-o", "/dev/full")
    assert full.returncode == 1
    assert "No space left on device" in full.stderr
    assert "Traceback" not in full.stderr
    assert mmq.run("run", source, "-o", "out.jsonl").returncode == 0
    assert len(mmq.read("out.jsonl")) == sandbox.stats()["calls"] == 3


def test_piped_output_is_plain_text(place: Callable[..., tuple]) -> None:
    """No escape codes, no carriage returns, and the summary is there."""
    mmq, _ = place()
    done = mmq.run("run", mmq.write("in.txt", *PROMPTS[:3]), "-o", "out.jsonl")
    assert "3 of 3 answered" in done.stderr
    assert not set(done.stderr) & {"\x1b", "\r"}


def test_an_input_without_prompts_is_said_to_be_one(place: Callable[..., tuple]) -> None:
    """Nothing was to be done and nothing was, so it succeeds; yet nobody meant to run an empty file."""
    mmq, sandbox = place()
    done = mmq.run("run", mmq.write("in.txt", "", " "), "-o", "out.jsonl")
    assert (done.returncode, "in.txt holds no prompt" in done.stderr) == (0, True)
    assert (mmq.read("out.jsonl"), sandbox.stats()["calls"]) == ([], 0)


def test_lines_that_cannot_run_are_told_and_the_rest_runs(place: Callable[..., tuple]) -> None:
    """Each with its number and reason, on stderr and in the errors file, in input order; exit 3."""
    mmq, sandbox = place()
    source = mmq.write(
        "in.jsonl",
        '{"custom_id": "a", "prompt": "good"}',
        "not json",
        '{"custom_id": "c", "messages": [{"role": "robot", "content": "x"}]}',
        '{"custom_id": "d", "prompt": "x", "model": "gpt-4o"}',
        '{"custom_id": "a", "prompt": "the id again"}',
        '{"custom_id": "f"}',
        '{"custom_id": "g", "prompt": "[[mmq:1026]] refused"}',
        '{"custom_id": "h", "prompt": "half an emoji \\\\ud83d"}',
    )
    done = mmq.run("run", source, "-o", "out.jsonl")
    assert done.returncode == 3
    for number, reason in ((2, "not JSON"), (3, "'robot'"), (4, "gpt-4o"), (5, "line 1"), (6, "prompt")):
        (said,) = [line for line in done.stderr.splitlines() if line.startswith(f"line {number}: ")]
        assert reason in said
    failures = mmq.read("out.errors.jsonl")
    assert [line.get("line") for line in failures[:5]] == [2, 3, 4, 5, 6]
    assert [line["error"]["code"] for line in failures[:6]] == ["invalid_request"] * 5 + ["1026"]
    assert "a" in {line["custom_id"] for line in mmq.read("out.jsonl")}
    assert sandbox.stats()["outcomes"]["1026"] == 1
    assert "1026" in done.stderr


def test_all_wrong_settings_are_told_at_once_before_anything_starts(tmp_path: Path) -> None:
    """Each with its remedy; exit 2; no folder is made."""
    mmq = CommandLine(tmp_path, "https://api.minimax.io/v1/text/chatcompletion_v2", MINIMAX_API="v3", MMQ_RPM="many")
    mmq.environ.pop("MINIMAX_API_KEY")
    done = mmq.run("run", mmq.write("in.txt", "hi"))
    assert done.returncode == 2
    for name in ("MINIMAX_API_KEY", "MINIMAX_BASE_URL", "MINIMAX_API", "MMQ_RPM"):
        assert f"mmq: {name}: " in done.stderr
    assert "Traceback" not in done.stderr
    assert not mmq.home.exists()


@pytest.mark.parametrize(
    "arguments", [("missing.txt",), ("in.txt", "-o", "in.txt"), ("in.txt", "-o", "no/folder/out"), ("in.odt",)]
)
def test_a_wrong_path_is_told_before_anything_starts(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Exit 2, and the input is untouched."""
    mmq = CommandLine(tmp_path)
    mmq.write("in.txt", "hi")
    mmq.write("in.odt", "hi")
    done = mmq.run("run", *arguments)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert (tmp_path / "in.txt").read_text() == "hi\n"
    assert not mmq.home.exists()


def test_standard_input_is_answered_on_standard_output(place: Callable[..., tuple]) -> None:
    """Answers alone, so that another program can read them."""
    mmq, _ = place()
    done = mmq.run("run", "-", "--format", "txt", "-q", stdin="one\ntwo\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert [line["custom_id"] for line in lines_of(done.stdout)] == ["line-1", "line-2"]


def test_running_again_asks_only_what_is_new(place: Callable[..., tuple]) -> None:
    """Appended lines are added, changed ones asked, those gone are left out; --fresh asks all."""
    mmq, sandbox = place()
    mmq.run("run", mmq.write("in.txt", "a", "b"), "-o", "out.jsonl", "-q")
    assert sandbox.stats()["calls"] == 2
    assert mmq.run("run", mmq.write("in.txt", "a", "B", "c"), "-o", "out.jsonl", "-q").returncode == 0
    assert sandbox.stats()["calls"] == 4
    texts = [line["response"]["body"]["choices"][0]["message"]["content"] for line in mmq.read("out.jsonl")]
    assert [digest(prompt) in text for prompt, text in zip(["a", "B", "c"], texts, strict=True)] == [True] * 3
    again = mmq.json("run", "in.txt", "-o", "out.jsonl", "--fresh")
    assert (again["answered"], again["before"], sandbox.stats()["calls"]) == (3, 0, 7)


def test_a_job_that_failed_is_not_asked_again_until_somebody_wants_it(place: Callable[..., tuple]) -> None:
    """The same command tells its failure again; `mmq retry` queues it."""
    mmq, sandbox = place()
    source = mmq.write("in.txt", "good", "[[mmq:1026x1]] bad once")
    assert mmq.run("run", source, "-o", "out.jsonl").returncode == 3
    again = mmq.run("run", source, "-o", "out.jsonl")
    assert (again.returncode, sandbox.stats()["calls"]) == (3, 2)
    (batch,) = mmq.json("status")["batches"]
    assert f"mmq retry {batch['id']}" in again.stderr
    assert mmq.json("retry", batch["id"], "--code", "1027") == {"queued": 0, "recovered": 0}
    assert mmq.json("retry", batch["id"], "--code", "1026") == {"queued": 1, "recovered": 0}
    assert mmq.run("run", source, "-o", "out.jsonl").returncode == 0
    assert len(mmq.read("out.jsonl")) == 2
    assert (mmq.folder / "out.errors.jsonl").read_text() == ""


def test_answers_of_another_queue_are_not_replaced(place: Callable[..., tuple]) -> None:
    """The same file from another folder would be paid again and its answers lost: it says so instead; --fresh may."""
    mmq, sandbox = place()
    source = mmq.write("in.txt", *PROMPTS[:2])
    assert mmq.run("run", source, "-o", "out.jsonl").returncode == 0
    before = mmq.read("out.jsonl")
    elsewhere = {"MMQ_HOME": str(mmq.folder / "elsewhere")}
    refused = mmq.run("run", source, "-o", "out.jsonl", **elsewhere)
    assert refused.returncode == 2
    assert "knows of no earlier run" in refused.stderr
    mmq.home.rename(mmq.folder / ".mmq")
    told = mmq.run("run", source, "-o", "out.jsonl", **elsewhere)
    assert f"set MMQ_HOME={mmq.folder / '.mmq'} to go on with it" in told.stderr
    assert mmq.read("out.jsonl") == before
    assert sandbox.stats()["calls"] == 2
    assert mmq.run("run", source, "-o", "out.jsonl", "--fresh", **elsewhere).returncode == 0
