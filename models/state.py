"""The states of a job, and the only edges between them.

A job is *queued* from the commit that accepts it, whether or not a message for it is under way in Celery: messages
are hints, the row is the truth. *Running* means that one worker holds it, under a lease that its heartbeat renews;
a worker that dies leaves its jobs running until `rescue` gives them back. The four final states are left only by
`reopen` and `recover`, which an operator asks for.

Every edge is a compare-and-set in `models.transitions`. Zero rows updated is a normal answer: someone else was first.
"""

from __future__ import annotations

from enum import StrEnum


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"  #: accepted, waiting for its turn or for `run_at`
    RUNNING = "running"  #: claimed by `worker_id` under the fencing number `claim`
    SUCCEEDED = "succeeded"  #: answered; the answer is in its attempt with outcome `succeeded`
    FAILED = "failed"  #: refused for good, or out of retries; `error_code` says why
    CANCELLED = "cancelled"  #: withdrawn by its owner
    EXPIRED = "expired"  #: its deadline passed before an answer came


class Edge(StrEnum):
    """What moves a job from one state to another."""

    CLAIM = "claim"  #: a worker takes it
    SUCCEED = "succeed"  #: the answer is recorded
    ADOPT = "adopt"  #: a worker that had lost the job brings its answer after all, and none came in between
    FAIL = "fail"  #: no retry is worth it
    RETRY = "retry"  #: an attempt failed; again after `run_at`, one failure spent
    SNOOZE = "snooze"  #: wait until `run_at`, nothing spent: the account is paused or limited
    RELEASE = "release"  #: handed back unsent, at once: the worker shuts down
    RESCUE = "rescue"  #: its worker's lease ran out
    QUARANTINE = "quarantine"  #: it did so with a call begun once too often: the job may be what kills them
    CANCEL = "cancel"
    EXPIRE = "expire"
    REOPEN = "reopen"  #: an operator wants a finished job asked again
    RECOVER = "recover"  #: as reopen, but an answer that came too late was kept, and is used instead


_QUEUED, _RUNNING = JobState.QUEUED, JobState.RUNNING
_UNANSWERED = frozenset({JobState.FAILED, JobState.CANCELLED, JobState.EXPIRED})

TRANSITIONS: dict[Edge, tuple[frozenset[JobState], JobState]] = {
    Edge.CLAIM: (frozenset({_QUEUED}), _RUNNING),
    Edge.SUCCEED: (frozenset({_RUNNING}), JobState.SUCCEEDED),
    Edge.ADOPT: (frozenset({_QUEUED, _RUNNING}), JobState.SUCCEEDED),
    Edge.FAIL: (frozenset({_RUNNING}), JobState.FAILED),
    Edge.RETRY: (frozenset({_RUNNING}), _QUEUED),
    Edge.SNOOZE: (frozenset({_RUNNING}), _QUEUED),
    Edge.RELEASE: (frozenset({_RUNNING}), _QUEUED),
    Edge.RESCUE: (frozenset({_RUNNING}), _QUEUED),
    Edge.QUARANTINE: (frozenset({_RUNNING}), JobState.FAILED),
    Edge.CANCEL: (frozenset({_QUEUED, _RUNNING}), JobState.CANCELLED),
    Edge.EXPIRE: (frozenset({_QUEUED, _RUNNING}), JobState.EXPIRED),
    Edge.REOPEN: (_UNANSWERED, _QUEUED),
    Edge.RECOVER: (_UNANSWERED, JobState.SUCCEEDED),
}

FINAL = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED, JobState.EXPIRED})


class Outcome(StrEnum):
    """What became of one attempt. NULL in the database while the call is under way."""

    SUCCEEDED = "succeeded"  #: answered, and this is the job's answer
    FAILED = "failed"  #: an error, transient or final
    THROTTLED = "throttled"  #: the provider's limit; costs the job nothing
    BLOCKED = "blocked"  #: the account cannot be used; costs the job nothing
    ABANDONED = "abandoned"  #: we broke the call off: shutdown, cancel or deadline
    LOST = "lost"  #: its worker died with it begun; it may have been sent, and the provider have billed the work
    SUPERSEDED = "superseded"  #: answered, but the job had been answered or taken away by then


def diagram() -> str:
    """Return the transitions as text, one edge a line, in the order of the table."""
    rows = []
    for edge, (sources, target) in TRANSITIONS.items():
        froms = " | ".join(state.value for state in JobState if state in sources)
        rows.append(f"{edge.value:<10} {froms} -> {target.value}")
    return "\n".join(rows)
