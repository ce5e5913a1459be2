"""An attempt: one HTTP call made for a job, written before it is sent and again when it ends."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, String, Text, func, select, text
from sqlalchemy.orm import Mapped, mapped_column

from models.job import Job
from models.state import Outcome
from models.table import Moment, Table, one_of

ANSWERED = text("outcome = 'succeeded'")
UNDER_WAY = text("outcome IS NULL")


class Attempt(Table):
    """One call. A row whose outcome is NULL is a call under way, or one whose worker died."""

    __tablename__ = "attempts"

    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    #: 1 for the first call of the job.
    number: Mapped[int] = mapped_column(primary_key=True)
    #: The job's fencing number when the call began.
    claim: Mapped[int]
    worker_id: Mapped[str] = mapped_column(String(64))
    #: The account's name in our configuration, never its key.
    account: Mapped[str] = mapped_column(Text)
    api: Mapped[str] = mapped_column(String(16))
    started_at: Mapped[datetime] = mapped_column(Moment)
    #: Seconds it stood ready before this call but had to wait for a limit, a gate or a retry.
    limited_s: Mapped[float] = mapped_column(Float, default=0.0)

    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    outcome: Mapped[str | None] = mapped_column(String(16))
    http_status: Mapped[int | None]
    #: MiniMax's status code as text, or our own word such as `idle_timeout`; NULL on success.
    code: Mapped[str | None] = mapped_column(String(64))
    message: Mapped[str | None] = mapped_column(Text)
    #: What MiniMax's support asks for: the Trace-Id header, or the id in the body.
    request_id: Mapped[str | None] = mapped_column(Text)
    #: The raw error body, cut at a limit and scrubbed of credentials.
    error_body: Mapped[str | None] = mapped_column(Text)
    #: The answer as an OpenAI `chat.completion` object, JSON.
    answer: Mapped[str | None] = mapped_column(Text)
    #: Accepted, but with a remark: a warning text, or an answer by another model than asked.
    warning: Mapped[str | None] = mapped_column(Text)
    prompt_tokens: Mapped[int | None]
    completion_tokens: Mapped[int | None]
    total_tokens: Mapped[int | None]
    #: Seconds from sending to the first text, of streams only.
    first_token_s: Mapped[float | None] = mapped_column(Float)
    duration_s: Mapped[float | None] = mapped_column(Float)

    __table_args__ = (
        CheckConstraint(one_of("outcome", Outcome), name="outcome_known"),
        CheckConstraint("(outcome IS NULL) = (finished_at IS NULL)", name="outcome_has_finished_at"),
        CheckConstraint("outcome <> 'succeeded' OR answer IS NOT NULL", name="success_has_answer"),
        Index(
            "uq_attempts_one_answer_a_job",
            "job_id",
            unique=True,
            sqlite_where=ANSWERED,
            postgresql_where=ANSWERED,
        ),
        Index("ix_attempts_under_way", "worker_id", sqlite_where=UNDER_WAY, postgresql_where=UNDER_WAY),
        Index("ix_attempts_by_request_id", "request_id"),
    )


#: Whether an answer that came too late was kept for a job, for a statement about `Job`.
KEEPS_ANSWER = select(Attempt.number).where(Attempt.job_id == Job.id, Attempt.outcome == Outcome.SUPERSEDED).exists()

#: How many calls the ledger holds for a job, for a statement about `Job`. A job's own count lags behind while it runs.
ATTEMPTS_BEGUN = select(func.coalesce(func.max(Attempt.number), 0)).where(Attempt.job_id == Job.id).scalar_subquery()
