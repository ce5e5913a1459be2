"""Which jobs belong to a batch whose input may change between two submissions of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import Connection, bindparam, func, select, update

from models.batch import Batch
from models.job import Job

_MOVE = (
    update(Job)
    .where(Job.id == bindparam("of_job"))
    .values(batch_id=bindparam("to_batch"), position=bindparam("to_position"), custom_id=bindparam("to_custom_id"))
)


def join(connection: Connection, batch_id: str, places: Mapping[str, tuple[int, str | None]]) -> Sequence[str]:
    """Let existing jobs, by idempotency key, belong to the batch, each with its position and custom id there.

    Return the ids that came back to it. At most 1,000 keys to a call.
    """
    statement = select(Job.id, Job.idempotency_key, Job.batch_id, Job.position, Job.custom_id)
    found = connection.execute(statement.where(Job.idempotency_key.in_(list(places)))).all()
    moves = []
    for row in found:
        position, custom_id = places[row.idempotency_key]
        if (row.batch_id, row.position, row.custom_id) != (batch_id, position, custom_id):
            move = {"of_job": row.id, "to_batch": batch_id, "to_position": position, "to_custom_id": custom_id}
            moves.append(move)
    if moves:
        connection.execute(_MOVE, moves)
    return [row.id for row in found if row.batch_id != batch_id]


def leave(connection: Connection, ids: Sequence[str]) -> None:
    """Let jobs belong to no batch any more. They and their answers stay, and may join again. At most 1,000 ids."""
    connection.execute(update(Job).where(Job.id.in_(ids)).values(batch_id=None))


def size(connection: Connection, batch_id: str) -> int:
    """Return how many jobs belong to the batch."""
    return connection.scalar(select(func.count()).where(Job.batch_id == batch_id)) or 0


def keys(connection: Connection, batch_id: str) -> Iterator[tuple[str, str | None]]:
    """Yield id and idempotency key of the batch's jobs."""
    statement = select(Job.id, Job.idempotency_key).where(Job.batch_id == batch_id)
    for row in connection.execute(statement.execution_options(yield_per=1000)):
        yield row.id, row.idempotency_key


def release(connection: Connection, idempotency_key: str) -> str | None:
    """Take a batch's key from it, so that the next submission under the key begins a new one. Return its id."""
    statement = update(Batch).where(Batch.idempotency_key == idempotency_key).values(idempotency_key=None)
    return connection.scalar(statement.returning(Batch.id))


def of_key(connection: Connection, idempotency_key: str) -> str | None:
    """Return the id of the batch that has this key, or None."""
    return connection.scalar(select(Batch.id).where(Batch.idempotency_key == idempotency_key))
