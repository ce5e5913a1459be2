"""The whole examination: every look at once, none of which can hold up or break another."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from queue import Empty, SimpleQueue

from mmq.doctor import account, database, host, key, model, redis, workers
from mmq.doctor.check import Check, fail, ok, warn
from worker import settings
from worker.errors import ConfigurationError
from worker.settings import Settings

LIMIT_S = 15.0  # of each look, all of which run side by side

Look = Callable[[Settings], Iterable[Check]]

#: Each look, what it is called if it breaks, and the variables without which it would look at the wrong thing.
LOOKS: tuple[tuple[str, Look, frozenset[str]], ...] = (
    ("key", key.look, frozenset({"MINIMAX_API_KEY", "MINIMAX_GROUP_ID"})),
    ("model", model.look, frozenset({"MINIMAX_MODEL", "MINIMAX_API"})),
    ("host", host.look, frozenset({"MINIMAX_BASE_URL"})),
    ("account", account.look, frozenset({"MINIMAX_API_KEY", "MINIMAX_BASE_URL"})),
    ("database", database.look, frozenset({"MMQ_DATABASE_URL", "MMQ_HOME"})),
    ("redis", redis.look, frozenset({"MMQ_REDIS_URL", "MMQ_HOME"})),
    ("workers", workers.look, frozenset({"MMQ_DATABASE_URL", "MMQ_REDIS_URL", "MMQ_HOME"})),
)


def check(
    environ: Mapping[str, str], *, limit: float = LIMIT_S, looks: Sequence[tuple[str, Look, frozenset[str]]] = LOOKS
) -> list[Check]:
    """Look at the settings, the account, its host, the model, the database, Redis and the workers.

    Makes one call to MiniMax that costs nothing (`GET /models`), starts nothing, and changes nothing. Takes `limit`
    seconds at most. A look that needs a setting which is wrong is left out: the setting is the finding.
    """
    findings, wrong = [ok("settings", "all can be used")], frozenset[str]()
    try:
        loaded = settings.load(environ, key_needed=True)
    except ConfigurationError as exc:
        findings = [fail(problem.field, problem.message, problem.remedy) for problem in exc.problems]
        wrong = frozenset(problem.field.removesuffix("_FILE") for problem in exc.problems)
        try:
            loaded = settings.load(_without(environ, wrong))
        except ConfigurationError:
            return findings
    remedy = "set it without them, or correct its name"
    findings += [warn("settings", text, remedy) for text in loaded.warnings]
    return [*findings, *_run(loaded, [entry for entry in looks if not entry[2] & wrong], limit)]


def _without(environ: Mapping[str, str], wrong: frozenset[str]) -> dict[str, str]:
    drop = set(wrong) | {f"{name}_FILE" for name in wrong}
    if "MINIMAX_GROUP_ID" in wrong:  # what is wrong is that it is missing, and only legacy v1 misses it
        drop.add("MINIMAX_API")
    return {name: value for name, value in environ.items() if name not in drop}


def _run(loaded: Settings, looks: Sequence[tuple[str, Look, frozenset[str]]], limit: float) -> list[Check]:
    answers: SimpleQueue[tuple[str, list[Check]]] = SimpleQueue()
    for name, look, _needs in looks:
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
        for name, _look, _needs in looks
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
