"""The other commands, against one another: submit, up, wait, results, and what steers and shows."""

from __future__ import annotations

import json
import signal
import socket
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.command_line import CommandLine, finished
from support.waiting import eventually


@contextmanager
def up(mmq: CommandLine) -> Iterator[None]:
    """Run `mmq up` meanwhile."""
    process = mmq.start("up")
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)
        stopped = finished(process)
        assert stopped.returncode == 130, stopped.stderr
        assert mmq.nothing_runs()


def test_a_batch_in_steps(place: Callable[..., tuple]) -> None:
    """Submitted to nobody, answered once there are workers, collected, looked into."""
    mmq, sandbox = place()
    source = mmq.write("in.txt", "one", "[[mmq:1027]] two", "three")
    submitted = mmq.run("submit", source, "--lane", "bulk")
    batch = submitted.stdout.strip()
    assert submitted.returncode == 0
    late = mmq.run("wait", batch, "--timeout", "0")
    assert late.returncode == 1
    assert "no worker is running" in late.stderr
    assert mmq.json("submit", source)["known"] == 3
    with up(mmq):
        waited = mmq.run("wait", batch)
        assert waited.returncode == 3, waited.stderr
        assert len(mmq.json("status")["workers"]) == 1
    collected = mmq.run("results", batch, "--errors", "err.jsonl")
    assert [json.loads(line)["custom_id"] for line in collected.stdout.splitlines()] == ["line-1", "line-3"]
    (failure,) = mmq.read("err.jsonl")
    shown = mmq.json("show", failure["id"])
    assert (shown["state"], shown["error_code"], shown["request"]) == ("failed", "1027", None)
    requests = {entry["request_id"] for entry in sandbox.log()}
    assert shown["attempts"]
    assert {attempt["request_id"] for attempt in shown["attempts"]} <= requests
    assert mmq.json("status", batch)["failures"][0]["example"] == failure["id"]


def test_a_job_is_shown_without_its_texts_unless_wanted(place: Callable[..., tuple]) -> None:
    """Prompt and answer are the owner's; everything else is for whoever is on call."""
    mmq, _ = place()
    mmq.run("run", mmq.write("in.txt", "my secret plan"), "-o", "out.jsonl")
    (line,) = mmq.read("out.jsonl")
    plain = mmq.run("show", line["id"]).stdout
    assert line["response"]["request_id"] in plain
    assert "secret plan" not in plain
    full = mmq.run("show", line["id"], "--prompt", "--answer").stdout
    assert "my secret plan" in full
    assert "sandbox:" in full
    assert "secret plan" not in json.dumps(mmq.json("show", line["id"]))


def test_lanes_and_jobs_are_steered_while_they_wait(place: Callable[..., tuple]) -> None:
    """A paused lane is named as the reason; what is cancelled is not asked; what is retried is."""
    mmq, sandbox = place()
    batch = mmq.run("submit", mmq.write("in.txt", "one", "two")).stdout.strip()
    mmq.run("pause", "lane", "default")
    assert [pause["name"] for pause in mmq.json("status")["pauses"]] == ["default"]
    assert mmq.json("cancel", batch) == {"cancelled": 2}
    assert mmq.json("retry", batch) == {"queued": 2, "recovered": 0}
    with up(mmq):
        eventually(lambda: mmq.json("status")["workers"])
        assert "lane default is paused" in mmq.run("wait", batch, "--timeout", "0").stderr
        assert sandbox.stats()["calls"] == 0
        assert "resumed" in mmq.run("resume", "lane", "default").stdout
        assert mmq.run("wait", batch, "-q").returncode == 0


@pytest.mark.parametrize(
    "arguments", [("show", "x"), ("status", "x"), ("cancel", "x"), ("retry", "x"), ("wait", "x"), ("results", "x")]
)
def test_an_id_that_nobody_knows_is_told(place: Callable[..., tuple], arguments: tuple[str, ...]) -> None:
    """Exit 2; also where there is no database yet, which is not made by looking."""
    mmq, _ = place()
    done = mmq.run(*arguments)
    assert (done.returncode, "no jobs here" in done.stderr, mmq.home.exists()) == (2, True, False)
    mmq.run("submit", mmq.write("in.txt", "one"))
    done = mmq.run(*arguments)
    assert (done.returncode, "'x'" in done.stderr, "Traceback" in done.stderr) == (2, True, False)


@pytest.mark.parametrize(
    "arguments", [("pause", "lane", "fast"), ("pause", "car", "bulk"), ("worker", "--lanes", "x"), ("nothing",)]
)
def test_what_cannot_be_meant_is_refused(place: Callable[..., tuple], arguments: tuple[str, ...]) -> None:
    """Exit 2 with the choices."""
    mmq, _ = place()
    mmq.run("submit", mmq.write("in.txt", "one"))
    assert mmq.run(*arguments).returncode == 2


def test_a_worker_whose_home_takes_no_files_says_so_and_ends(tmp_path: Path) -> None:
    """A disk that is read-only, say: one line that names the place, before Celery is started."""
    mmq = CommandLine(tmp_path)
    mmq.home.mkdir(mode=0o700)
    (mmq.home / "workers").touch()
    worker = mmq.run("worker")
    assert (worker.returncode, worker.stderr) == (1, f"mmq: {mmq.home / 'workers'}: File exists\n")


def test_the_doctor_names_what_is_wrong(place: Callable[..., tuple]) -> None:
    """Exit 0 where jobs can run, 2 where they cannot; as a list for programs."""
    mmq, _ = place()
    well = mmq.run("doctor")
    assert well.returncode == 0, well.stdout
    ill = mmq.run("doctor", "--json", MINIMAX_API="v1", MINIMAX_MODEL="gpt-4o")
    assert ill.returncode == 2
    assert "MINIMAX_GROUP_ID" in {found["name"] for found in json.loads(ill.stdout) if found["level"] == "fail"}


def test_the_sandbox_prints_what_to_paste(tmp_path: Path) -> None:
    """Two lines for a shell, by which a run in that shell finds it."""
    mmq = CommandLine(tmp_path)
    process = mmq.start("sandbox", "--port", "0")
    try:
        assert process.stdout is not None
        pasted = [process.stdout.readline() for _ in range(2)]
        variables = dict(pair.split("=", 1) for line in pasted for pair in line.removeprefix("export ").split())
        done = mmq.run("run", mmq.write("in.txt", "one"), "-q", **variables)
        assert done.returncode == 0, done.stderr
    finally:
        process.terminate()
        assert finished(process).returncode == 0


def test_the_sandbox_lists_what_it_can_do(tmp_path: Path) -> None:
    """And refuses what it cannot, with the nearest name."""
    mmq = CommandLine(tmp_path)
    assert {"1002", "hang", "pings"} <= {row["name"] for row in mmq.json("sandbox", "--list")}
    refused = mmq.run("sandbox", "--fault", "hangs=0.1")
    assert (refused.returncode, "'hang'" in refused.stderr) == (2, True)


def test_the_demonstration_answers_and_explains(tmp_path: Path) -> None:
    """Without any key; its failures are meant, so it succeeds; it tells where everything is."""
    mmq = CommandLine(tmp_path, TMPDIR=str(tmp_path), MINIMAX_MODEL="gpt-4o")
    done = mmq.run("demo", "--prompts", "30")
    assert done.returncode == 0, done.stderr
    assert "of 30 answered" in done.stderr
    assert "mmq retry" not in done.stderr  # whom it would ask again is gone
    (folder,) = tmp_path.glob("mmq-demo-*")
    assert str(folder) in done.stderr
    mmq.home = folder / "home"
    assert mmq.nothing_runs()


def test_flower_asks_for_its_password_and_never_shows_it(place: Callable[..., tuple]) -> None:
    """Neither page nor API without it; it is not among the arguments of the process."""
    mmq, _ = place()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = mmq.start("flower", "--port", str(port), MMQ_FLOWER_BASIC_AUTH="me:marked-password")
    try:
        url = f"http://127.0.0.1:{port}"
        eventually(lambda: status(f"{url}/healthcheck") == 200)
        assert [status(f"{url}{path}") for path in ("/workers", "/api/workers")] == [401, 401]
        assert [status(f"{url}{path}", "me:marked-password") for path in ("/workers", "/api/workers")] == [200, 200]
        assert b"marked-password" not in Path(f"/proc/{process.pid}/cmdline").read_bytes()
    finally:
        process.terminate()
        stopped = finished(process)
    assert stopped.returncode == 0
    assert "marked-password" not in stopped.stderr + stopped.stdout
    assert mmq.nothing_runs()


def status(url: str, password: str = "") -> int | None:
    """Return the HTTP status of a page; None if nobody listens yet."""
    request = urllib.request.Request(url)
    if password:
        request.add_header("Authorization", f"Basic {b64encode(password.encode()).decode()}")
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return int(response.status)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code
    except OSError:
        return None
