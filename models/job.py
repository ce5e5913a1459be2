"""A job: one generation asked for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ColumnElement, ForeignKey, Index, String, Text, func, or_, text
from sqlalchemy.orm import Mapped, mapped_column

from models.lane import Lane
from models.state import FINAL, JobState
from models.table import Moment, Table, one_of

# The texts of the partial indexes, and of the queries that are to go by them: no plan may overlook one for its wording.
# Ready for a message; and waiting for `run_at`, which no job keeps that is claimed.
READY = text("state = 'queued' AND fed_at IS NULL AND run_at IS NULL")
DELAYED = text("run_at IS NOT NULL AND finished_at IS NULL")
ENDED = text("finished_at IS NOT NULL")
FINAL_SQL = ", ".join(repr(str(state)) for state in JobState if state in FINAL)


class Job(Table):
    """One generation, from its acceptance to its final state. Changes state through `models.transitions` alone."""

    __tablename__ = "jobs"

    #: A UUID version 7 that we make, or the Celery task id that a foreign producer chose.
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    batch_id: Mapped[str | None] = mapped_column(ForeignKey("batches.id", ondelete="CASCADE"))
    #: The caller's own name for it, repeated in the results.
    custom_id: Mapped[str | None] = mapped_column(Text)
    #: Where it stood in its input: the line number of a file. Results are written in this order.
    position: Mapped[int] = mapped_column(default=0, server_default="0")
    #: The same key twice is one job, whoever submits it.
    idempotency_key: Mapped[str | None] = mapped_column(Text, unique=True)
    lane: Mapped[str] = mapped_column(String(16))
    #: Order inside the lane, lowest first: microseconds since 1970 at acceptance, unless somebody moved it.
    rank: Mapped[int] = mapped_column(BigInteger)
    model: Mapped[str] = mapped_column(Text)
    #: The chat request as JSON: `{"model", "messages": [{"role", "content"}], ...}`. Never a key, a host or an account.
    request: Mapped[str] = mapped_column(Text)
    #: Estimated from the text at acceptance; what admission reserves before the usage is known.
    prompt_tokens: Mapped[int] = mapped_column(default=0, server_default="0")

    state: Mapped[str] = mapped_column(String(16))
    #: Fencing number: rises with every claim, and only the holder of the newest may record.
    claim: Mapped[int] = mapped_column(default=0, server_default="0")
    worker_id: Mapped[str | None] = mapped_column(String(64))
    #: Calls begun for it, in all claims.
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    #: Attempts that count against its retries. Waiting for limits does not.
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    #: How often a worker died holding it.
    rescues: Mapped[int] = mapped_column(default=0, server_default="0")
    #: How often one died with a call begun for it, perhaps not yet sent, since it was accepted or reopened.
    losses: Mapped[int] = mapped_column(default=0, server_default="0")

    created_at: Mapped[datetime] = mapped_column(Moment)
    #: Not before this moment; NULL is at once.
    run_at: Mapped[datetime | None] = mapped_column(Moment)
    #: Not after this moment: then it expires. NULL is never.
    deadline: Mapped[datetime | None] = mapped_column(Moment)
    #: When a message for it was last handed to Celery; NULL while none is expected under way.
    fed_at: Mapped[datetime | None] = mapped_column(Moment)
    claimed_at: Mapped[datetime | None] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)

    #: Of a job that failed: MiniMax's code or our own word, what it means here, and what to do about it.
    error_code: Mapped[str | None] = mapped_column(String(64))
    error_message: Mapped[str | None] = mapped_column(Text)
    error_remedy: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        CheckConstraint(one_of("state", JobState), name="state_known"),
        CheckConstraint(one_of("lane", Lane), name="lane_known"),
        CheckConstraint("(state = 'running') = (worker_id IS NOT NULL)", name="running_has_worker"),
        CheckConstraint(f"(state IN ({FINAL_SQL})) = (finished_at IS NOT NULL)", name="final_has_finished_at"),
        CheckConstraint("(state = 'failed') = (error_code IS NOT NULL)", name="failed_has_error_code"),
        CheckConstraint("state = 'queued' OR fed_at IS NULL", name="only_queued_is_fed"),
        Index("ix_jobs_ready_in_lane", "lane", "batch_id", "rank", sqlite_where=READY, postgresql_where=READY),
        Index("ix_jobs_by_run_at", "run_at", sqlite_where=DELAYED, postgresql_where=DELAYED),
        Index(
            "ix_jobs_fed_unclaimed",
            "lane",
            "fed_at",
            sqlite_where=text("fed_at IS NOT NULL"),
            postgresql_where=text("fed_at IS NOT NULL"),
        ),
        Index("ix_jobs_of_batch_by_state", "batch_id", "state"),
        Index("ix_jobs_lately_ended", "finished_at", sqlite_where=ENDED, postgresql_where=ENDED),
        Index(
            "ix_jobs_held_by_worker",
            "worker_id",
            sqlite_where=text("worker_id IS NOT NULL"),
            postgresql_where=text("worker_id IS NOT NULL"),
        ),
        Index(
            "ix_jobs_by_deadline",
            "deadline",
            sqlite_where=text("deadline IS NOT NULL AND finished_at IS NULL"),
            postgresql_where=text("deadline IS NOT NULL AND finished_at IS NULL"),
        ),
    )


def in_state(*states: str) -> ColumnElement[bool]:
    """Return the condition that a job is in one of these states, for statements that find it by id or worker.

    No index serves it: by statistics of before, PostgreSQL takes a state for rarer than ten ids, and would read all
    jobs that are in it at each statement.
    """
    state = func.coalesce(Job.state, "")
    return or_(*(state == each for each in states))
