"""What docs/threat-model.md claims of the code as a whole: no data runs as code, SQL has parameters, JSON alone."""

from __future__ import annotations

import ast
import json
import pickle
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from kombu import Connection
from kombu.exceptions import ContentDisallowed
from kombu.serialization import loads, prepare_accept_content

from mmq.schema import ROOT
from models.session import open_database
from support.minimax_calls import account, call
from tasks.producer import producer
from worker.provider.account import Api

PACKAGES = ("models", "worker", "tasks", "mmq", "migrations")
FILES = [*(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")), *ROOT.glob("*config.py")]
#: What turns data into code, or a shell's words into commands.
RUNNING = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "yaml", "code", "codeop"}
RUN = {"eval", "exec", "compile", "os.system", "os.popen"}
#: SQL that is put together, and of what: our own constants, never anything from outside.
COMPOSED = {
    "migrations/env.py": {"ADVISORY_LOCK", "LOCK_TIMEOUT"},
    "models/session.py": {"patience_ms"},
}
STATEMENTS = {"text", "exec_driver_sql", "execute", "literal_column"}


def nodes(path: Path) -> Iterator[ast.AST]:
    """Every piece of a file's syntax."""
    return ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call of a file, with what is called: `text`, `os.system`; of a method its last name alone."""
    for node in nodes(path):
        if isinstance(node, ast.Call):
            name = node.func
            if isinstance(name, ast.Name):
                yield name.id, node
            elif isinstance(name, ast.Attribute):
                owner = name.value.id if isinstance(name.value, ast.Name) else ""
                yield (f"os.{name.attr}" if owner == "os" else f".{name.attr}"), node


def test_no_data_is_run_as_code() -> None:
    """No module that unpickles or the like is imported, no text is evaluated, nothing goes through a shell."""
    found = set()
    for path in FILES:
        for node in nodes(path):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
                found |= {(name, path) for name in names if name.partition(".")[0] in RUNNING}
        for name, node in calls(path):
            if name in RUN or any(word.arg == "shell" for word in node.keywords):
                found.add((name, path))
    assert len(FILES) > 200
    assert not found


def test_no_statement_holds_a_value() -> None:
    """SQL text is literal: values go beside it as parameters. The few exceptions hold constants of ours."""
    composed: dict[str, set[str]] = {}
    added = set()
    for path in FILES:
        for name, node in calls(path):
            if name.removeprefix(".") in STATEMENTS and node.args:
                for part in ast.walk(node.args[0]):
                    if isinstance(part, ast.FormattedValue):
                        names = {inner.id for inner in ast.walk(part) if isinstance(inner, ast.Name)}
                        composed.setdefault(str(path.relative_to(ROOT)), set()).update(names)
                    if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Mod | ast.Add) and _of_text(part):
                        added.add((path, part.lineno))
    assert composed == COMPOSED
    assert not added


def _of_text(sum_: ast.BinOp) -> bool:
    return any(isinstance(side, ast.Constant) and isinstance(side.value, str) for side in (sum_.left, sum_.right))


@pytest.mark.parametrize("url", ["sqlite://", "postgresql://127.0.0.1/jobs"])
def test_an_error_of_the_database_holds_no_value(url: str) -> None:
    """A prompt is a parameter, and the driver's error names the statement alone."""
    database = open_database(url)
    assert database.hide_parameters
    database.dispose()


@pytest.mark.parametrize("content_type", ["application/x-python-serialize", "pickle", "application/x-yaml", "yaml"])
def test_tasks_remote_control_and_events_take_json_alone(content_type: str) -> None:
    """Whoever writes to the broker cannot have a worker or Flower unpickle anything, by whichever of its doors."""
    app = producer("memory://")
    try:
        with Connection("memory://") as connection:
            events = app.events.Receiver(connection)
        for accepted in (app.conf.accept_content, app.control.mailbox.accept, events.accept):
            assert loads(b"{}", "application/json", "utf-8", accept=_types(accepted)) == {}
            with pytest.raises(ContentDisallowed):
                loads(pickle.dumps({}), content_type, "binary", accept=_types(accepted))
    finally:
        app.close()


def _types(names: object) -> set[str]:
    """What kombu makes of the names in a setting."""
    return set(prepare_accept_content(names))  # type: ignore[arg-type]


@pytest.mark.parametrize("api", Api)
def test_no_request_chooses_host_key_or_header(api: Api) -> None:
    """Whatever a job's request holds, the call goes to the account's host with the account's key."""
    choosing = {
        "base_url": "https://elsewhere.example/v1",
        "url": "https://elsewhere.example/v1",
        "host": "elsewhere.example",
        "api_key": "sk-another-key-0123456789",
        "Authorization": "Bearer sk-another-key-0123456789",
        "headers": {"Authorization": "Bearer sk-another-key-0123456789", "Host": "elsewhere.example"},
        "extra_headers": {"Authorization": "x"},
        "GroupId": "9",
        "group_id": "9",
        "account": "another",
        "proxies": "http://elsewhere.example",
    }
    plain = {"model": "MiniMax-M2", "messages": [{"role": "user", "content": "x"}]}
    answer = httpx.Response(200, json={"choices": [{"message": {"content": "x"}, "finish_reason": "stop"}]})
    (ordinary,) = call(answer, of=account(api), request=plain).requests
    (chosen,) = call(answer, of=account(api), request=plain | choosing).requests
    assert chosen.url == ordinary.url
    differing = {name for name, value in chosen.headers.items() if ordinary.headers.get(name) != value}
    assert differing <= {"content-length"}
    assert chosen.headers["authorization"] == f"Bearer {account(api).key.reveal()}"
    assert json.loads(chosen.content)["messages"] == plain["messages"]
