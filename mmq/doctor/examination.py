"""The whole examination: every look at once, none of which can hold up or break another."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping, Sequence
from queue import Empty, SimpleQueue

from mmq.doctor import account, database, host, key, model, redis, workers
from mmq.doctor.check import Check, fail, ok, warn
from mmq.doctor.each import Look, each
from worker import settings
from worker.configuration.document import VARIABLE as CONFIG
from worker.errors import ConfigurationError
from worker.settings import VARIABLES, Settings

LIMIT_S = 15.0  # of each look, all of which run side by side

#: Each look, what it is called if it breaks, and the variables without which it would look at the wrong thing.
LOOKS: tuple[tuple[str, Look, frozenset[str]], ...] = (
    ("key", key.look, frozenset({"MINIMAX_API_KEY", "MINIMAX_GROUP_ID", CONFIG})),
    ("model", model.look, frozenset({"MINIMAX_MODEL", "MINIMAX_API", CONFIG})),
    ("host", host.look, frozenset({"MINIMAX_BASE_URL", CONFIG})),
    ("account", account.look, frozenset({"MINIMAX_API_KEY", "MINIMAX_BASE_URL", CONFIG})),
    ("database", database.look, frozenset({"MMQ_DATABASE_URL", "MMQ_HOME"})),
    ("redis", redis.look, frozenset({"MMQ_REDIS_URL", "MMQ_HOME"})),
    ("workers", workers.look, frozenset({"MMQ_DATABASE_URL", "MMQ_REDIS_URL", "MMQ_HOME"})),
)
OF_ACCOUNTS = frozenset({"key", "host", "account"})


def check(
    environ: Mapping[str, str], *, limit: float = LIMIT_S, looks: Sequence[tuple[str, Look, frozenset[str]]] = LOOKS
) -> list[Check]:
    """Look at the settings, each account and its host, the model, the database, Redis and the workers.

    Makes one call to MiniMax that costs nothing (`GET /models`), starts nothing, and changes nothing. Takes `limit`
    seconds at most. A look that needs a setting which is wrong is left out: the setting is the finding.
    """
    findings, wrong = [ok("settings", "all can be used")], frozenset[str]()
    try:
        loaded = settings.load(environ, key_needed=True)
    except ConfigurationError as exc:
        findings = [fail(problem.field, problem.message, problem.remedy) for problem in exc.problems]
        wrong = frozenset(_variable(problem.field) for problem in exc.problems)
        try:
            loaded = settings.load(_without(environ, wrong))
        except ConfigurationError:
            return findings
    remedy = "set it without them, or correct its name"
    findings += [warn("settings", text, remedy) for text in loaded.warnings]
    chosen: list[tuple[str, Look]] = []
    for name, look, needs in looks:
        if not needs & wrong:
            chosen += each(name, look, loaded) if name in OF_ACCOUNTS else [(name, look)]
    return [*findings, *_run(loaded, chosen, limit)]


def _variable(field: str) -> str:
    """Return the variable that is wrong; of what is wrong inside mmq.toml, the one that names the file."""
    name = field.removesuffix("_FILE")
    return name if name in VARIABLES else CONFIG


def _without(environ: Mapping[str, str], wrong: frozenset[str]) -> dict[str, str]:
    drop = set(wrong) | {f"{name}_FILE" for name in wrong}
    if "MINIMAX_GROUP_ID" in wrong:  # what is wrong is that it is missing, and only legacy v1 misses it
        drop.add("MINIMAX_API")
    kept = {name: value for name, value in environ.items() if name not in drop}
    return {**kept, CONFIG: os.devnull} if CONFIG in wrong else kept


def _run(loaded: Settings, looks: Sequence[tuple[str, Look]], limit: float) -> list[Check]:
    answers: SimpleQueue[tuple[str, list[Check]]] = SimpleQueue()
    for name, look in looks:
        # Threads that nobody waits for at the exit: a name server that never answers cannot be interrupted.
        threading.Thread(target=_one, args=(name, look, loaded, answers), daemon=True).start()
    found: dict[str, list[Check]] = {}
    deadline = time.monotonic() + limit
    while len(found) < len(looks):
        try:
            name, checks = answers.get(timeout=max(deadline - time.monotonic(), 0.001))
        except Empty:
            break
        found[name] = checks
    late = f"gave no answer within {limit:g} s"
    return [
        finding
        for name, _look in looks
        for finding in found.get(name, [fail(name, late, "check that it is up, and the network to it")])
    ]


def _one(name: str, look: Look, loaded: Settings, answers: SimpleQueue[tuple[str, list[Check]]]) -> None:
    checks: list[Check] = []
    try:
        checks.extend(look(loaded))
    except Exception as exc:  # a broken look is a finding like any other
        # The class alone: what the text of an error nobody foresaw may hold, nobody knows.
        checks.append(fail(name, f"could not be looked at: {type(exc).__name__}", "report this as a bug of mmq"))
    answers.put((name, checks))
