"""The tables, the triggers that make `event` append-only, and the guard on the connection that writes.

`operation` and `claim` hold nothing that does not follow from the rows of `event`: see `audit.standing`. They are there
so that opening an operation reads no more of the log when the log has grown.

Only what the file looks like. No query of the product, no thread, no clock. A change of the tables is a new
migration below, never an edit of an old one, and never `table.transform()`: it rebuilds the table and silently
drops its triggers.

The triggers protect against our own mistakes and against honest tools, not against somebody who may write the
file: see `verify`. The plain conflict clause of INSERT OR REPLACE fires no DELETE trigger, so what it could
replace is refused before the insert.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from types import MappingProxyType

from sqlite_utils import Database, Migrations

from audit.model import GENESIS

APPLICATION_ID = 0x43534641
"""Written in the header of every log file ("CSFA"), so that no other SQLite file is taken for one."""

_TABLES = (
    """CREATE TABLE event (
        seq INTEGER PRIMARY KEY,
        operation TEXT,
        version INTEGER,
        kind TEXT NOT NULL,
        actor TEXT NOT NULL,
        at TEXT NOT NULL,
        rule TEXT NOT NULL,
        body TEXT NOT NULL CHECK (json_valid(body)),
        delivery TEXT,
        claims TEXT CHECK (claims IS NULL OR json_valid(claims)),
        releases TEXT CHECK (releases IS NULL OR json_valid(releases)),
        closes INTEGER NOT NULL CHECK (closes IN (0, 1)),
        prev TEXT NOT NULL CHECK (length(prev) = 64),
        hash TEXT NOT NULL CHECK (length(hash) = 64),
        CHECK ((operation IS NULL) = (version IS NULL))
    ) STRICT""",
    "CREATE UNIQUE INDEX event_version ON event (operation, version) WHERE operation IS NOT NULL",
    "CREATE UNIQUE INDEX event_delivery ON event (delivery) WHERE delivery IS NOT NULL",
    """CREATE TABLE audit_head (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        seq INTEGER NOT NULL,
        hash TEXT NOT NULL
    ) STRICT""",
    f"INSERT INTO audit_head VALUES (1, 0, '{GENESIS}')",  # noqa: S608  # our own constant
    """CREATE TABLE operation (
        operation TEXT PRIMARY KEY,
        first_seq INTEGER NOT NULL,
        open INTEGER NOT NULL CHECK (open IN (0, 1))
    ) STRICT""",
    "CREATE INDEX operation_age ON operation (first_seq)",
    "CREATE INDEX operation_open ON operation (first_seq) WHERE open = 1",
    """CREATE TABLE claim (
        claim TEXT NOT NULL,
        operation TEXT NOT NULL,
        mode TEXT NOT NULL CHECK (mode IN ('exclusive', 'shared')),
        PRIMARY KEY (claim, operation)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE shown (
        operation TEXT NOT NULL,
        slot TEXT NOT NULL,
        value TEXT NOT NULL CHECK (json_valid(value)),
        PRIMARY KEY (operation, slot)
    ) STRICT, WITHOUT ROWID""",
    "CREATE TABLE probe (filler BLOB NOT NULL) STRICT",
)

TRIGGERS: Mapping[str, str] = MappingProxyType(
    {
        "event_is_next": """CREATE TRIGGER event_is_next BEFORE INSERT ON event
            WHEN NEW.seq IS NOT (SELECT seq + 1 FROM audit_head)
              OR NEW.prev IS NOT (SELECT hash FROM audit_head)
              OR (NEW.operation IS NOT NULL AND NEW.version IS NOT
                  (SELECT coalesce(max(version), 0) + 1 FROM event WHERE operation = NEW.operation))
              OR EXISTS (SELECT 1 FROM event WHERE delivery = NEW.delivery)
            BEGIN SELECT RAISE(ABORT, 'the row is not the next of the log'); END""",
        "event_moves_head": """CREATE TRIGGER event_moves_head AFTER INSERT ON event
            BEGIN UPDATE audit_head SET seq = NEW.seq, hash = NEW.hash; END""",
        "event_no_update": """CREATE TRIGGER event_no_update BEFORE UPDATE ON event
            BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END""",
        "event_no_delete": """CREATE TRIGGER event_no_delete BEFORE DELETE ON event
            BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END""",
        "head_follows_event": """CREATE TRIGGER head_follows_event BEFORE UPDATE ON audit_head
            WHEN NEW.seq <= OLD.seq OR NOT EXISTS (SELECT 1 FROM event WHERE seq = NEW.seq AND hash = NEW.hash)
            BEGIN SELECT RAISE(ABORT, 'the head follows the log'); END""",
        "head_no_delete": """CREATE TRIGGER head_no_delete BEFORE DELETE ON audit_head
            BEGIN SELECT RAISE(ABORT, 'the head stays'); END""",
        "head_no_insert": """CREATE TRIGGER head_no_insert BEFORE INSERT ON audit_head
            BEGIN SELECT RAISE(ABORT, 'there is one head'); END""",
        "claim_is_free": """CREATE TRIGGER claim_is_free BEFORE INSERT ON claim
            WHEN EXISTS (SELECT 1 FROM claim WHERE claim = NEW.claim AND 'exclusive' IN (mode, NEW.mode))
            BEGIN SELECT RAISE(ABORT, 'the claim is held'); END""",
        "claim_no_update": """CREATE TRIGGER claim_no_update BEFORE UPDATE ON claim
            BEGIN SELECT RAISE(ABORT, 'a claim is taken and released, never changed'); END""",
    }
)

MIGRATIONS = Migrations("csfailover-audit")
KNOWN = frozenset({"m001_log"})


@MIGRATIONS()
def m001_log(db: Database) -> None:
    """The first version of the log."""
    for statement in (*_TABLES, *TRIGGERS.values(), f"PRAGMA application_id = {APPLICATION_ID}"):
        db.execute(statement)


def unknown_migrations(db: Database) -> list[str]:
    """Names of migrations in the file that this program does not have: the file is of a newer one."""
    return [m.name for m in MIGRATIONS.applied(db) if m.name not in KNOWN]


def missing_triggers(conn: sqlite3.Connection) -> list[str]:
    """Names of triggers that are not there, or are there with another text."""
    found = dict(conn.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall())
    return [name for name, sql in TRIGGERS.items() if found.get(name) != sql]


_WRITES = {
    (sqlite3.SQLITE_INSERT, "event"),
    (sqlite3.SQLITE_INSERT, "operation"),
    (sqlite3.SQLITE_UPDATE, "operation"),
    (sqlite3.SQLITE_INSERT, "claim"),
    (sqlite3.SQLITE_DELETE, "claim"),
    (sqlite3.SQLITE_INSERT, "shown"),
    (sqlite3.SQLITE_UPDATE, "shown"),
    (sqlite3.SQLITE_DELETE, "shown"),
    (sqlite3.SQLITE_INSERT, "probe"),
    (sqlite3.SQLITE_DELETE, "probe"),
}
_ALWAYS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_TRANSACTION, sqlite3.SQLITE_FUNCTION}
_PRAGMAS = {"max_page_count", "page_size", "query_only"}


def guard(conn: sqlite3.Connection) -> None:
    """Let `conn` do from here on only what the store does: no DROP, no ALTER, no UPDATE or DELETE of events.

    Needed because the triggers themselves can be dropped, which `table.transform()` of sqlite-utils does. What is
    refused raises sqlite3.DatabaseError ("not authorized"). SQLite asks when it prepares a statement, not per row.
    """

    def allowed(action: int, name: str | None, _column: str | None, _db: str | None, trigger: str | None) -> bool:
        if action == sqlite3.SQLITE_UPDATE and name == "audit_head":
            return trigger == "event_moves_head"
        return action in _ALWAYS or (action, name) in _WRITES or (action == sqlite3.SQLITE_PRAGMA and name in _PRAGMAS)

    conn.set_authorizer(lambda *asked: sqlite3.SQLITE_OK if allowed(*asked) else sqlite3.SQLITE_DENY)
