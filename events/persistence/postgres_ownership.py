"""Who lives among the processes that share a server: each holds a lock by a session that is kept up.

Beside the lock an owner has a row. Whoever finds the lock free takes the row away, and with it the id for ever: an
owner that lost its session for a moment goes on under its id, one that was found dead meanwhile (because it was
frozen, or cut off) notices when it takes its lock again, and becomes another owner.
"""

from __future__ import annotations

import contextlib
import uuid

from common.errors import StoreUnavailable
from events.persistence.postgres_connection import Connection, Pool
from events.persistence.postgres_session import KeptSession

__all__ = ["PostgresOwnership"]

_LOCK = "SELECT pg_advisory_lock(%s)"
_END_EARLIER = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = %s AND backend_start = %s"
_SESSION = "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
_IS_NOT_DEAD = "SELECT EXISTS (SELECT FROM owners WHERE owner_id = %s)"
_ADD = "INSERT INTO owners (owner_id, lock_key) VALUES (%s, %s)"
_SWEEP = """
DELETE FROM owners WHERE since < now() - interval '1 day' AND owner_id <> %s
AND pg_try_advisory_xact_lock_shared(lock_key)
"""
_BURY = "DELETE FROM owners WHERE owner_id = %s AND pg_try_advisory_xact_lock_shared(lock_key)"
_REMOVE = "DELETE FROM owners WHERE owner_id = %s"


class PostgresOwnership:
    """Implements `events.ownership.Ownership`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._place = pool.connector.address.place
        self._owner_id = ""
        self._earlier: tuple[object, object] | None = None
        self._released = False
        self._session = KeptSession(pool.connector, "owner", self._take)

    @classmethod
    def acquire(cls, pool: Pool) -> PostgresOwnership:
        """Become an owner, who looks at others by the connections of `pool`. Raises `StoreUnavailable`."""
        ownership = cls(pool)
        ownership._session.start()
        return ownership

    @property
    def owner_id(self) -> str:
        """The id that this owner puts on its traces and claims. Raises `StoreUnavailable` while its session is lost."""
        owner_id = self._owner_id
        if not self._session.is_up:
            raise StoreUnavailable(
                "this process lost its session with the database, so that others may take it for dead",
                where=self._place,
                todo="Try again in a moment: it is taken up again as soon as the database can be reached.",
            )
        return owner_id

    def is_alive(self, owner_id: str) -> bool:
        """Whether an owner lives; this one does until `release`. Raises `StoreUnavailable`."""
        if owner_id == self._owner_id:
            return not self._released
        return self._pool.run(lambda connection: _is_alive(connection, owner_id))

    def release(self) -> None:
        """Stop being an owner; later calls do nothing."""
        if not self._released:
            self._released = True
            self._session.close()
            with contextlib.suppress(StoreUnavailable):
                self._pool.run(lambda connection: connection.do(_REMOVE, (self._owner_id,)))

    def _take(self, connection: Connection) -> None:
        """Take the lock on a new session; under the id of before, unless that was found dead."""
        if self._earlier is not None:
            connection.rows(_END_EARLIER, self._earlier)
        self._earlier = connection.rows(_SESSION)[0]
        if self._owner_id:
            connection.rows(_LOCK, (_key(self._owner_id),))
            if connection.rows(_IS_NOT_DEAD, (self._owner_id,))[0][0]:
                return
            connection.script("SELECT pg_advisory_unlock_all()")
        fresh = uuid.uuid4().hex
        connection.rows(_LOCK, (_key(fresh),))
        connection.do(_ADD, (fresh, _key(fresh)))
        connection.do(_SWEEP, (fresh,))
        self._owner_id = fresh


def _is_alive(connection: Connection, owner_id: str) -> bool:
    connection.do(_BURY, (owner_id,))
    return bool(connection.rows(_IS_NOT_DEAD, (owner_id,))[0][0])


def _key(owner_id: str) -> int:
    """The number that stands for an owner in the server's table of locks."""
    return int(owner_id[:16], 16) - 2**63
