"""`mmq` with a file of two accounts in its working folder."""

from __future__ import annotations

from collections.abc import Callable

from mmq.sandbox.thread import SandboxThread

MODEL = "MiniMax-M2.7"
KEYS = [("sandbox-anna", "1"), ("sandbox-bert", "2")]
TWO = """
[[accounts]]
name = "anna"
key_env = "ANNA_KEY"
models = ["MiniMax-M2.7", "MiniMax-M3"]
concurrency = 1
[[accounts]]
name = "bert"
key_env = "BERT_KEY"
models = ["MiniMax-M2.7"]
concurrency = 1
"""


def callers(sandbox: SandboxThread) -> list[str]:
    """By which key each call was made."""
    return [entry["key"] for entry in sandbox.log() if entry["api"]]


def test_a_run_uses_both_accounts_and_what_steers_and_shows_names_them(place: Callable[..., tuple]) -> None:
    """Answers, attempts, status, doctor and pausing; a model that neither serves is refused with those that are."""
    mmq, sandbox = place(keys=KEYS, latency_ms=20)
    mmq.write("mmq.toml", TWO)
    mmq.environ |= {"ANNA_KEY": "sandbox-anna", "BERT_KEY": "sandbox-bert"}
    del mmq.environ["MINIMAX_API_KEY"]
    source = mmq.write("in.txt", *[f"Question {number}" for number in range(20)])
    done = mmq.run("run", source, "-o", "out.jsonl")
    assert done.returncode == 0, done.stderr
    shown = [mmq.json("show", row["id"])["attempts"] for row in mmq.read("out.jsonl")[:2]]
    assert {attempt["account"] for attempts in shown for attempt in attempts} <= {"anna", "bert"}
    of_bert = callers(sandbox).count("key-2")
    assert 0 < of_bert < 20

    assert mmq.run("pause", "account", "bert").returncode == 0
    states = [(account["name"], account["paused"], account["models"]) for account in mmq.json("status")["accounts"]]
    assert states == [("anna", False, [MODEL, "MiniMax-M3"]), ("bert", True, [MODEL])]
    assert "choose from anna, bert" in " ".join(mmq.run("pause", "account", "default").stderr.split())
    named = {check["name"]: check["level"] for check in mmq.json("doctor")}
    assert named["account of anna"] == named["account of bert"] == "ok"

    refused = mmq.run("run", source, "-o", "out2.jsonl", "--model", "MiniMax-M2.5", "--fresh")
    assert refused.returncode == 3
    assert "none of the accounts anna, bert" in mmq.read("out2.errors.jsonl")[0]["error"]["message"]
    again = mmq.run("run", source, "-o", "out3.jsonl", "--fresh")
    assert again.returncode == 0, again.stderr
    assert callers(sandbox).count("key-2") == of_bert, "the paused account got no call"
    assert len(callers(sandbox)) == 40
