//! The statements. Each is one round trip, and happens at once or not at all.
//!
//! Times are the server's: what an instance whose clock is wrong keeps ends like all else.

/// The tables, as an administrator may make them by hand. Running it again changes nothing.
pub const SCHEMA: &str = include_str!("schema.sql");

pub(crate) const HAS_TABLES: &str = "\
    SELECT to_regclass('ciam_sessions') IS NOT NULL \
       AND to_regclass('ciam_session_groups') IS NOT NULL \
       AND to_regclass('ciam_marks') IS NOT NULL";

// Keys are random: whoever finds one is who made it a moment ago, and was not told.
pub(crate) const CREATE: &str = "\
    WITH session AS ( \
        INSERT INTO ciam_sessions (key, value, revision, expires) \
        VALUES ($1, $2, 1, now() + $3) \
        ON CONFLICT (key) DO UPDATE \
            SET value = excluded.value, revision = 1, expires = excluded.expires \
        RETURNING key \
    ) \
    INSERT INTO ciam_session_groups (group_key, key) \
    SELECT named.key, session.key FROM session, unnest($4::bytea[]) AS named (key) \
    ON CONFLICT DO NOTHING";

pub(crate) const LOAD: &str = "\
    SELECT value, revision FROM ciam_sessions WHERE key = $1 AND expires > now()";

// `found` waits for whoever writes the same session, and sees what they left; the tables
// themselves are seen as they were before.
pub(crate) const SAVE: &str = "\
    WITH found AS ( \
        SELECT revision FROM ciam_sessions \
        WHERE key = $1 AND expires > now() FOR NO KEY UPDATE \
    ), written AS ( \
        UPDATE ciam_sessions AS session \
        SET value = $2, revision = session.revision + 1, expires = now() + $3 \
        FROM found WHERE session.key = $1 AND found.revision = $5 \
        RETURNING session.key \
    ), leaving AS ( \
        DELETE FROM ciam_session_groups AS member USING written \
        WHERE member.key = written.key AND member.group_key <> ALL ($4::bytea[]) \
    ), joining AS ( \
        INSERT INTO ciam_session_groups (group_key, key) \
        SELECT named.key, written.key FROM written, unnest($4::bytea[]) AS named (key) \
        ON CONFLICT DO NOTHING \
    ) \
    SELECT EXISTS (SELECT FROM written) FROM found";

pub(crate) const DELETE: &str = "DELETE FROM ciam_sessions WHERE key = $1";

pub(crate) const MEMBERS: &str = "\
    SELECT session.key \
    FROM ciam_session_groups AS member JOIN ciam_sessions AS session USING (key) \
    WHERE member.group_key = $1 AND session.expires > now()";

pub(crate) const MARK: &str = "\
    INSERT INTO ciam_marks AS mark (key, expires) VALUES ($1, now() + $2) \
    ON CONFLICT (key) DO UPDATE SET expires = excluded.expires WHERE mark.expires <= now() \
    RETURNING true";

pub(crate) const UNMARK: &str = "DELETE FROM ciam_marks WHERE key = $1";

// One instance at a time; what somebody works on is left for the next time.
pub(crate) const CLEAR_SESSIONS: &str = "\
    WITH turn AS MATERIALIZED (SELECT pg_try_advisory_xact_lock($1) AS is_ours), ended AS ( \
        SELECT key FROM ciam_sessions \
        WHERE (SELECT is_ours FROM turn) AND expires <= now() \
        ORDER BY expires LIMIT $2 FOR UPDATE SKIP LOCKED \
    ) \
    DELETE FROM ciam_sessions AS session USING ended WHERE session.key = ended.key \
    RETURNING true";

pub(crate) const CLEAR_MARKS: &str = "\
    WITH turn AS MATERIALIZED (SELECT pg_try_advisory_xact_lock($1) AS is_ours), ended AS ( \
        SELECT key FROM ciam_marks \
        WHERE (SELECT is_ours FROM turn) AND expires <= now() \
        ORDER BY expires LIMIT $2 FOR UPDATE SKIP LOCKED \
    ) \
    DELETE FROM ciam_marks AS mark USING ended WHERE mark.key = ended.key \
    RETURNING true";
