"""What must be unique stays unique while processes with different current look-up keys run side by side.

A unique index compares hashes under one key. Once every process has all keys of the ring, two that write under different ones
wait here for each other, and the second finds what the first wrote. With one look-up key the index is enough and nothing is asked.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, select


def hold_value(connection: Connection, hashes: Sequence[bytes]) -> None:
    """Hold a value, by its hashes under every look-up key, till the end of the transaction; before it is looked for and written.

    The lock is named by the hash under the key with the lowest id, so by the same one for all who have the same keys.
    """
    if len(hashes) > 1:
        connection.execute(select(func.pg_advisory_xact_lock(int.from_bytes(min(hashes)[4:12], "big", signed=True))))
