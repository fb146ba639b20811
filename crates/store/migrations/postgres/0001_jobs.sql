-- Times are milliseconds since 1970 by the clock of the server.
CREATE TABLE jobs (
    id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key          TEXT   NOT NULL UNIQUE,
    label        TEXT   NOT NULL,
    spec         TEXT   NOT NULL,
    state        TEXT   NOT NULL DEFAULT 'queued'
                 CHECK (state IN ('queued', 'leased', 'done', 'failed', 'quarantined', 'cancelled')),
    attempt      BIGINT NOT NULL DEFAULT 0,
    token        BIGINT NOT NULL DEFAULT 0,
    lease_owner  TEXT,
    lease_ms     BIGINT NOT NULL DEFAULT 0,
    lease_until  BIGINT NOT NULL DEFAULT 0,
    available_at BIGINT NOT NULL DEFAULT 0,
    created_at   BIGINT NOT NULL,
    started_at   BIGINT,
    finished_at  BIGINT,
    done_ms      BIGINT NOT NULL DEFAULT 0,
    total_ms     BIGINT,
    failure_code TEXT,
    failure_ja   TEXT,
    failure_en   TEXT
);
CREATE INDEX jobs_open ON jobs (id) WHERE state IN ('queued', 'leased');
CREATE INDEX jobs_leased ON jobs (lease_until) WHERE state = 'leased';
CREATE INDEX jobs_state ON jobs (state, finished_at);

-- What is finished of a job that is not.
CREATE TABLE parts (
    job  BIGINT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    part BIGINT NOT NULL,
    body BYTEA  NOT NULL,
    PRIMARY KEY (job, part)
);

CREATE TABLE results (
    job  BIGINT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    name TEXT   NOT NULL,
    body BYTEA  NOT NULL,
    PRIMARY KEY (job, name)
);

CREATE TABLE workers (
    name      TEXT   PRIMARY KEY,
    host      TEXT   NOT NULL,
    polled_at BIGINT NOT NULL
);
