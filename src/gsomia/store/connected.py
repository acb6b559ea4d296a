"""What the parts of a transaction have in common: the connection on which it runs."""

from __future__ import annotations

import sqlalchemy as sa

__all__ = ["Connected"]


class Connected:
    """One transaction on a connection.

    Args:
        connection: where it was begun.
    """

    def __init__(self, connection: sa.Connection) -> None:
        self._raw = connection

    @property
    def _connection(self) -> sa.Connection:
        """The connection, on which everything stands that this transaction changed."""
        return self._raw
