"""The tables of a lab world. Nothing but SQL.

Users point at their home pool for ever (a trigger enforces it); a failover changes one row of `pool`. A stretch of
writes that was lost is one row of `loss`, however long it is.
"""

APPLICATION_ID = 0x6C61_6232  # "lab2"
TABLES = ("record", "step", "loss", "run", "item", "session", "user", "role", "edge", "cms", "fe", "pool", "clock")

SCHEMA = """
CREATE TABLE clock (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    real REAL NOT NULL, virtual REAL NOT NULL, speed REAL NOT NULL, instant INTEGER NOT NULL,
    product TEXT NOT NULL,                      -- '2013' or '2015'
    size TEXT NOT NULL,
    voice_after REAL NOT NULL DEFAULT 300,      -- seconds until the backup registrar takes over
    slow REAL NOT NULL DEFAULT 1,               -- every step takes this many times as long
    unanswered INTEGER NOT NULL DEFAULT 0,      -- this many tries to begin a run get no answer
    blind INTEGER NOT NULL DEFAULT 0,           -- 1: the next run will be lost from sight
    late REAL NOT NULL DEFAULT 0,               -- a stopped run still redirects the users, this many seconds later
    linger REAL NOT NULL DEFAULT 0              -- a run ends this many seconds after its last step
) STRICT;
CREATE TABLE pool (
    id INTEGER PRIMARY KEY, fqdn TEXT NOT NULL UNIQUE, backup INTEGER REFERENCES pool,
    site TEXT NOT NULL, edition TEXT NOT NULL, version TEXT NOT NULL,
    users INTEGER NOT NULL, capacity INTEGER NOT NULL,
    failed_over INTEGER NOT NULL DEFAULT 0, quiesced INTEGER NOT NULL DEFAULT 0, epoch INTEGER NOT NULL DEFAULT 1,
    backend_up INTEGER NOT NULL DEFAULT 1, health TEXT NOT NULL DEFAULT 'up', down_since REAL,
    write_seq INTEGER NOT NULL, repl_seq INTEGER NOT NULL, cutoff_seq INTEGER NOT NULL DEFAULT 0,
    write_rate REAL NOT NULL, repl_rate REAL NOT NULL, at REAL NOT NULL, synced_at REAL NOT NULL,
    link_up INTEGER NOT NULL DEFAULT 1, export_ok INTEGER NOT NULL DEFAULT 1, import_ok INTEGER NOT NULL DEFAULT 1,
    stuck INTEGER NOT NULL DEFAULT 0,           -- FailingOver for good, with no run at work
    readable INTEGER NOT NULL DEFAULT 1,        -- 0: the account may not read its services and its backup service
    CHECK (repl_seq <= write_seq), CHECK (backup IS NULL OR backup <> id)
) STRICT;
CREATE TABLE fe (
    pool INTEGER NOT NULL REFERENCES pool, number INTEGER NOT NULL, fqdn TEXT NOT NULL UNIQUE,
    up INTEGER NOT NULL DEFAULT 1, queue INTEGER NOT NULL DEFAULT 0, flush_ok INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (pool, number)                  -- numbered in the order of their first start, as quorum counts them
) STRICT, WITHOUT ROWID;
CREATE TABLE edge (
    fqdn TEXT PRIMARY KEY, next_hop INTEGER NOT NULL REFERENCES pool, usual_hop INTEGER NOT NULL,
    up INTEGER NOT NULL DEFAULT 1
) STRICT, WITHOUT ROWID;
CREATE TABLE cms (
    one INTEGER PRIMARY KEY CHECK (one = 1), host INTEGER REFERENCES pool, usual_host INTEGER NOT NULL
) STRICT;
CREATE TABLE role (cmdlet TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (cmdlet, name)) STRICT, WITHOUT ROWID;
CREATE TABLE user (sip TEXT PRIMARY KEY, home INTEGER NOT NULL REFERENCES pool) STRICT, WITHOUT ROWID;
CREATE TRIGGER user_home_is_fixed BEFORE UPDATE OF home ON user
BEGIN SELECT RAISE(ABORT, 'users are routed, never rehomed'); END;
CREATE TABLE session (sip TEXT PRIMARY KEY, pool INTEGER NOT NULL, epoch INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE item (                            -- samples: not every write has a row
    pool INTEGER NOT NULL, seq INTEGER NOT NULL, sip TEXT NOT NULL, what TEXT NOT NULL,
    PRIMARY KEY (pool, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE run (
    id TEXT PRIMARY KEY, shell_id TEXT NOT NULL, command_id TEXT NOT NULL,
    kind TEXT NOT NULL, pool INTEGER REFERENCES pool, pair INTEGER,
    disaster INTEGER NOT NULL, skip INTEGER NOT NULL, flush INTEGER NOT NULL, force INTEGER NOT NULL,
    wait REAL NOT NULL, linked INTEGER NOT NULL, blind INTEGER NOT NULL,
    k INTEGER NOT NULL DEFAULT 0, began REAL NOT NULL, due REAL NOT NULL, late REAL,
    committed INTEGER NOT NULL DEFAULT 0, complaints INTEGER NOT NULL DEFAULT 0, assumed INTEGER, lost INTEGER,
    ended TEXT, say TEXT NOT NULL DEFAULT '', error_id TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX one_open_run_per_pair ON run (pair) WHERE ended IS NULL;
CREATE TABLE step (run TEXT NOT NULL REFERENCES run, k INTEGER NOT NULL, name TEXT NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (run, k)) STRICT, WITHOUT ROWID;
CREATE TABLE record (run TEXT NOT NULL REFERENCES run, n INTEGER NOT NULL, stream TEXT NOT NULL, text TEXT NOT NULL,
    percent INTEGER, PRIMARY KEY (run, n)) STRICT, WITHOUT ROWID;
CREATE TABLE loss (run TEXT PRIMARY KEY, pool INTEGER NOT NULL, after_seq INTEGER NOT NULL, to_seq INTEGER NOT NULL)
    STRICT, WITHOUT ROWID;
"""
