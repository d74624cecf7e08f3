/**
 * The first tables that this version can open; an empty file begins with them. No release wrote number 1.
 *
 * The lane is the first column of every key. Triggers refuse to change or remove an event or a fact. SQLite keeps
 * these statements as they are written here, spaces included, and `Integrity.ts` compares them: so nothing in them
 * may be edited.
 */
export const sql = `
  CREATE TABLE lane_head (
    lane INTEGER PRIMARY KEY,
    next_position INTEGER NOT NULL,
    last_recorded_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE event (
    lane INTEGER NOT NULL,
    position INTEGER NOT NULL,
    person BLOB NOT NULL,
    event_id BLOB NOT NULL,
    consent_type BLOB NOT NULL,
    version INTEGER NOT NULL,
    consent_state TEXT NOT NULL,
    consent_action TEXT NOT NULL,
    consent_date INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    expiration_date INTEGER,
    submitter TEXT NOT NULL,
    session TEXT,
    domain TEXT,
    geography TEXT,
    external_id BLOB,
    body TEXT NOT NULL,
    digest BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX event_position ON event (lane, position);
  CREATE UNIQUE INDEX event_id ON event (lane, event_id);
  CREATE UNIQUE INDEX event_person ON event (lane, person, consent_date, event_id);
  CREATE UNIQUE INDEX event_date ON event (lane, consent_date, position);
  CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event BEGIN
    SELECT RAISE(ABORT, 'events are never changed');
  END;
  CREATE TRIGGER event_is_never_removed BEFORE DELETE ON event BEGIN
    SELECT RAISE(ABORT, 'events are never removed');
  END;

  CREATE TABLE head (
    lane INTEGER NOT NULL,
    person BLOB NOT NULL,
    consent_type BLOB NOT NULL,
    consent_state TEXT NOT NULL,
    consent_date INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    event_id BLOB NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (lane, person, consent_type, consent_state)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE external_id (
    lane INTEGER NOT NULL,
    hash BLOB NOT NULL,
    event_lane INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (lane, hash)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE used_type (
    lane INTEGER NOT NULL,
    consent_type BLOB NOT NULL,
    PRIMARY KEY (lane, consent_type)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE receipt (
    lane INTEGER NOT NULL,
    hash BLOB NOT NULL,
    digest BLOB NOT NULL,
    answer TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (lane, hash)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX receipt_age ON receipt (recorded_at);

  CREATE TABLE alias (
    lane INTEGER NOT NULL,
    hash BLOB NOT NULL,
    person BLOB NOT NULL,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (lane, hash)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE person (
    lane INTEGER NOT NULL,
    person BLOB NOT NULL,
    revision INTEGER NOT NULL,
    is_identified INTEGER NOT NULL,
    profile TEXT,
    PRIMARY KEY (lane, person)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE person_fact (
    lane INTEGER NOT NULL,
    person BLOB NOT NULL,
    ordinal INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (lane, person, ordinal)
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER fact_is_never_changed BEFORE UPDATE ON person_fact BEGIN
    SELECT RAISE(ABORT, 'facts are never changed');
  END;
  CREATE TRIGGER fact_is_never_removed BEFORE DELETE ON person_fact BEGIN
    SELECT RAISE(ABORT, 'facts are never removed');
  END;

  CREATE TABLE used_proof (
    hash BLOB PRIMARY KEY,
    expires_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX used_proof_expiry ON used_proof (expires_at);

  CREATE TABLE session (
    token_hash BLOB PRIMARY KEY,
    person BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX session_expiry ON session (expires_at);
  CREATE INDEX session_person ON session (person);

  CREATE TABLE configuration (
    revision INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (revision, ordinal)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE configuration_head (revision INTEGER NOT NULL) STRICT;
  INSERT INTO configuration_head VALUES (0);

  CREATE TABLE document (
    consent_type BLOB NOT NULL,
    version INTEGER NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (consent_type, version)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE key_use (
    id TEXT PRIMARY KEY,
    last_used_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`
