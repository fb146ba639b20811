-- Times are milliseconds since 1970 by the clock of this machine.
CREATE TABLE jobs (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    key          TEXT    NOT NULL UNIQUE,
    label        TEXT    NOT NULL,
    spec         TEXT    NOT NULL,
    state        TEXT    NOT NULL DEFAULT 'queued'
                 CHECK (state IN ('queued', 'leased', 'done', 'failed', 'quarantined', 'cancelled')),
    attempt      INTEGER NOT NULL DEFAULT 0,
    token        INTEGER NOT NULL DEFAULT 0,
    lease_owner  TEXT,
    lease_ms     INTEGER NOT NULL DEFAULT 0,
    lease_until  INTEGER NOT NULL DEFAULT 0,
    available_at INTEGER NOT NULL DEFAULT 0,
    created_at   INTEGER NOT NULL,
    started_at   INTEGER,
    finished_at  INTEGER,
    done_ms      INTEGER NOT NULL DEFAULT 0,
    total_ms     INTEGER,
    failure_code TEXT,
    failure_ja   TEXT,
    failure_en   TEXT
);
CREATE INDEX jobs_open ON jobs (id) WHERE state IN ('queued', 'leased');
CREATE INDEX jobs_leased ON jobs (lease_until) WHERE state = 'leased';
CREATE INDEX jobs_state ON jobs (state, finished_at);

-- What is finished of a job that is not.
CREATE TABLE parts (
    job  INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    part INTEGER NOT NULL,
    body BLOB    NOT NULL,
    PRIMARY KEY (job, part)
);

CREATE TABLE results (
    job  INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    name TEXT    NOT NULL,
    body BLOB    NOT NULL,
    PRIMARY KEY (job, name)
);

CREATE TABLE workers (
    name      TEXT    PRIMARY KEY,
    host      TEXT    NOT NULL,
    polled_at INTEGER NOT NULL
);
