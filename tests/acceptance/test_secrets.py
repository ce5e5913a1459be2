"""Where keys, passwords and people's texts may be seen: a marked one of each, and a search of all that is left."""

from __future__ import annotations

import asyncio
import json
import signal
import traceback
from pathlib import Path
from secrets import token_hex
from typing import Any

import httpx
import pytest
import redis
from sqlalchemy import Engine, text

from mmq.local.redis import answers
from models.session import writing
from support.command_line import CommandLine, finished
from support.composed import free_port
from support.indiscreet_provider import indiscreet_provider
from support.overhearing import overheard
from support.pages import page
from support.redis_server import running_redis
from support.traces import arguments, files, found, kept, rows, spoken, texts
from support.waiting import eventually
from worker.configuration.broker import socket_path
from worker.errors import MmqError
from worker.provider.account import Account, Api, Secret
from worker.provider.client import Client

MARK = token_hex(6)  # of this run alone, since the arguments of all processes are searched for it
KEY = f"sk-api-{MARK}-of-minimax"
REDIS, DATABASE, FLOWER = (f"{MARK}{name}" for name in ("redis", "database", "flower"))
SECRETS = (KEY, REDIS, DATABASE, FLOWER)
PROMPT, ANSWER = f"whisper{MARK}", f"reply{MARK}"
PROMPTS = [PROMPT, f"[2013] {PROMPT}", f"[page] {PROMPT}", f"[1004] {PROMPT}"]


def test_nothing_shows_a_secret_of_an_embedded_run(tmp_path: Path) -> None:
    """A person's run: SQLite's bytes, Redis, logs, results, every command's words, the processes' arguments."""
    with indiscreet_provider(ANSWER) as url:
        mmq = CommandLine(tmp_path, url, MINIMAX_API_KEY=KEY)
        said = {"run": mmq.run("run", mmq.write("in.txt", *PROMPTS[:3]), "-o", "out.jsonl")}
        up = mmq.start("up")
        try:
            eventually(lambda: answers(socket_path(mmq.home)))
            with overheard(str(socket_path(mmq.home))) as ear:
                said["submit"] = mmq.run("submit", mmq.write("more.txt", *PROMPTS[:3]))
                batch = said["submit"].stdout.strip()
                for command in (["wait", batch], ["results", batch], ["status", batch], ["doctor"]):
                    said[command[0]] = mmq.run(*command)
                shown = mmq.run("show", mmq.read("out.errors.jsonl")[0]["id"])
                seen = {**kept(str(socket_path(mmq.home))), "ps": arguments()}
        finally:
            up.terminate()
            said["up"] = finished(up)
    answered = said.pop("results")
    assert (said["run"].returncode, said["wait"].returncode, ANSWER in answered.stdout) == (3, 3, True)
    left = files(tmp_path)
    assert any(PROMPT.encode() in data for name, data in left.items() if "sqlite" in name)
    assert b"***" in left["out.errors.jsonl"]
    quiet = {**spoken(said), **seen, "commands to Redis": ear.plain}
    assert b"jobs" in ear.plain
    assert found(SECRETS, {**left, **quiet, **spoken({"results": answered, "show": shown})}) == []
    # `mmq show` tells what MiniMax said of a failure, and that may quote the prompt.
    assert found([PROMPT, ANSWER], {**texts(left), **quiet}) == []


def test_nothing_shows_a_secret_of_the_services(postgresql: Engine, tmp_path: Path) -> None:
    """A team's: passwords of Redis, database and Flower; a worker's debug log, a row that breaks it, Flower's pages."""
    url = postgresql.url.set(password=DATABASE)
    login, port = f"me:{FLOWER}", free_port()
    with running_redis() as server, indiscreet_provider(ANSWER) as base_url:
        with redis.Redis(unix_socket_path=server.socket_path) as client:
            client.config_set("requirepass", REDIS)
        environ = {
            "MINIMAX_API_KEY": KEY,
            "MINIMAX_API": "v1",
            "MINIMAX_GROUP_ID": "1000000001",
            "MMQ_REDIS_URL": f"redis://:{REDIS}@127.0.0.1:{server.port}/0",
            "MMQ_DATABASE_URL": url.render_as_string(hide_password=False),
            "MMQ_FLOWER_BASIC_AUTH": login,
        }
        mmq = CommandLine(tmp_path, base_url, **environ)
        broken = mmq.json("submit", mmq.write("broken.txt", PROMPT))["batch_id"]
        with writing(postgresql) as connection:
            connection.execute(text("UPDATE jobs SET request = '[1]'"))
        with overheard(server.socket_path, REDIS) as ear:
            running = {
                "worker": mmq.start("worker", "--log-level", "debug"),
                "flower": mmq.start("flower", "--port", str(port)),
            }
            at = f"http://127.0.0.1:{port}"
            eventually(lambda: page(f"{at}/healthcheck").status == 200)
            said = {"wait": mmq.run("wait", broken, "--timeout", "20")}
            said["submit"] = mmq.run("submit", mmq.write("in.txt", *PROMPTS))
            eventually(lambda: mmq.json("status")["pauses"])
            said |= {command: mmq.run(command) for command in ("status", "doctor")}
            listed = json.loads(page(f"{at}/api/tasks", login).text)
            addresses = [
                "workers",
                "tasks",
                "broker",
                "metrics",
                "api/workers?refresh=1",
                "api/tasks",
                "api/queues/length",
            ]
            addresses += [f"task/{task}" for task in listed] + [f"api/task/info/{task}" for task in listed]
            addresses += [f"worker/{name}" for name in json.loads(page(f"{at}/api/workers?refresh=1", login).text)]
            pages = {address: page(f"{at}/{address}", login).text for address in addresses}
            seen = {**kept(server.socket_path, REDIS), "ps": arguments()}
            for process in running.values():
                process.terminate()
            said |= {name: finished(process) for name, process in running.items()}
    assert ("DEBUG" in said["worker"].stderr, said["wait"].returncode) == (True, 3)
    assert listed
    quiet = {**spoken(said), **seen, **pages, "commands to Redis": ear.plain}
    assert found(SECRETS, {**files(tmp_path), **rows(postgresql), **quiet}) == []
    assert found([PROMPT, ANSWER], {**texts(files(tmp_path)), **quiet}) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {
            "MMQ_REDIS_URL": f"redis://:{REDIS}@127.0.0.1:port/0",
            "MMQ_DATABASE_URL": f"postgresql://me:{DATABASE}@127.0.0.1:port/jobs",
            "MINIMAX_BASE_URL": f"https://me:{KEY}@api.minimax.io/v1",
            "MINIMAX_API_KEY": f"{KEY} {KEY}",
            "MMQ_RPM": "few",
        },
        {
            "MMQ_REDIS_URL": f"http://:{REDIS}@127.0.0.1",
            "MMQ_DATABASE_URL": f"oracle://me:{DATABASE}@127.0.0.1/jobs",
            "MINIMAX_BASE_URL": f"https://api.minimax.io/v1?key={KEY}",
            "MINIMAX_API_KEY": f"\N{FULLWIDTH COLON}{KEY}",
        },
        {"MMQ_DATABASE_URL": f"postgresql://me:{DATABASE}@127.0.0.1:1/jobs"},
    ],
    ids=["no values", "wrong values", "unreachable"],
)
def test_no_message_repeats_what_is_secret_in_a_wrong_setting(tmp_path: Path, wrong: dict[str, str]) -> None:
    """One clear message for each, whatever cannot be used or reached."""
    mmq = CommandLine(tmp_path, MINIMAX_API_KEY=KEY)
    done = mmq.run("run", mmq.write("in.txt", "hi"), **wrong)
    assert done.returncode == (1 if len(wrong) == 1 else 2)
    assert done.stderr.count("mmq: ") == len(wrong)
    assert "Traceback" not in done.stderr
    assert found(SECRETS, {"stdout": done.stdout, "stderr": done.stderr, **files(mmq.home)}) == []


def test_a_redis_that_does_not_answer_is_named_while_it_is_waited_for(tmp_path: Path) -> None:
    """It may come back, so a run goes on waiting; it says for what, without the password."""
    mmq = CommandLine(tmp_path, MINIMAX_API_KEY=KEY, MMQ_REDIS_URL=f"redis://:{REDIS}@127.0.0.1:1/0")
    run = mmq.start("run", mmq.write("in.txt", "hi"))
    assert run.stderr is not None
    said = next(line for line in run.stderr if "Redis does not answer" in line)
    run.send_signal(signal.SIGINT)
    done = finished(run)
    assert done.returncode == 130
    assert found(SECRETS, {"stdout": done.stdout, "stderr": said + done.stderr, **files(mmq.home)}) == []


class Broken(httpx.AsyncBaseTransport):
    """A transport with an error of its own."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise ZeroDivisionError(str(request.url))


@pytest.mark.parametrize("request_body", [None, 7, [1], {"messages": {1: object()}}, {"model": "x"}])
def test_no_traceback_shows_the_key(request_body: Any) -> None:
    """Not even one with the variables of every frame, as error trackers collect it."""
    account = Account("default", Api.V2, "http://127.0.0.1:9/v1", Secret(KEY))

    async def ask() -> None:
        await Client(account, transport=Broken()).complete(request_body)

    with pytest.raises((AttributeError, TypeError, ZeroDivisionError, MmqError)) as caught:
        asyncio.run(ask())
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert "worker/provider/client.py" in shown
    assert found([KEY], {"traceback": shown}) == []
