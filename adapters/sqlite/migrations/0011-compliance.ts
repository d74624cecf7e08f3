/**
 * Compliance requests: their facts, which are only inserted, by lane and position; the state of each by its facts; and
 * what is personal of each, encrypted under a key of its own.
 */
export const sql = `
  CREATE TABLE compliance_head (
    lane INTEGER PRIMARY KEY,
    next_position INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE compliance_fact (
    lane INTEGER NOT NULL,
    position INTEGER NOT NULL,
    request BLOB NOT NULL,
    ordinal INTEGER NOT NULL,
    fact_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    day TEXT NOT NULL,
    actor TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (lane, position)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX compliance_fact_ordinal ON compliance_fact (lane, request, ordinal);
  CREATE INDEX compliance_fact_time ON compliance_fact (lane, recorded_at, fact_id);
  CREATE TRIGGER compliance_fact_is_never_changed BEFORE UPDATE ON compliance_fact BEGIN
    SELECT RAISE(ABORT, 'compliance facts are never changed');
  END;
  CREATE TRIGGER compliance_fact_is_never_removed BEFORE DELETE ON compliance_fact BEGIN
    SELECT RAISE(ABORT, 'compliance facts are never removed');
  END;

  CREATE TABLE compliance_request (
    lane INTEGER NOT NULL,
    request BLOB NOT NULL,
    ordinal INTEGER NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    resolution_status TEXT,
    regulation TEXT NOT NULL,
    domain TEXT,
    country TEXT,
    request_date INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    due_on TEXT,
    is_lapsed INTEGER NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (lane, request)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX compliance_request_date ON compliance_request (lane, request_date, request);

  CREATE TABLE compliance_private (
    lane INTEGER NOT NULL,
    request BLOB NOT NULL,
    opener BLOB,
    session BLOB,
    subject BLOB,
    email_hash BLOB,
    nonce BLOB,
    encrypted BLOB,
    PRIMARY KEY (lane, request)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX compliance_private_opener ON compliance_private (opener) WHERE opener IS NOT NULL;
  CREATE INDEX compliance_private_subject ON compliance_private (subject) WHERE subject IS NOT NULL;

  CREATE TABLE request_key (
    lane INTEGER NOT NULL,
    request BLOB NOT NULL,
    epoch INTEGER NOT NULL,
    wrapped BLOB NOT NULL,
    PRIMARY KEY (lane, request)
  ) STRICT, WITHOUT ROWID;
`
