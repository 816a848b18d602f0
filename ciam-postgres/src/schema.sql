-- The tables of ciam-postgres. Running this again changes nothing.
--
-- The application needs SELECT, INSERT, UPDATE and DELETE on the three tables, and no
-- right to make any. Keys are hashes and values are sealed: nothing here signs anybody in.

-- Instances of an application that start together make them one after the other.
SELECT pg_advisory_xact_lock(7161109774531104768);

CREATE TABLE IF NOT EXISTS ciam_sessions (
    key bytea PRIMARY KEY CHECK (octet_length(key) = 32),
    value bytea NOT NULL,
    revision bigint NOT NULL,
    expires timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS ciam_sessions_expires ON ciam_sessions (expires);

-- The sessions of a user, and of a session of the provider's.
CREATE TABLE IF NOT EXISTS ciam_session_groups (
    group_key bytea NOT NULL CHECK (octet_length(group_key) = 32),
    key bytea NOT NULL REFERENCES ciam_sessions (key) ON DELETE CASCADE,
    PRIMARY KEY (group_key, key)
);
CREATE INDEX IF NOT EXISTS ciam_session_groups_key ON ciam_session_groups (key);

CREATE TABLE IF NOT EXISTS ciam_marks (
    key bytea PRIMARY KEY CHECK (octet_length(key) = 32),
    expires timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS ciam_marks_expires ON ciam_marks (expires);
