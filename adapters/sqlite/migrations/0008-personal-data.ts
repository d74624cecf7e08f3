/**
 * Keeps personal data apart from events, sessions and facts, encrypted, so that a person can be erased. The body of an
 * event is its stored form, and its digest is the leaf hash.
 *
 * Tables with another form than before are made again, because they are empty: a ledger with an organization is written
 * again into a new file instead (`assent upgrade`). A former alias may be removed once its person is erased.
 */
export const sql = `
  DROP TABLE event;
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
    body TEXT NOT NULL,
    leaf BLOB NOT NULL
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
  ALTER TABLE lane_head ADD COLUMN has_erased INTEGER NOT NULL DEFAULT 0;

  DROP TABLE external_id;
  CREATE TABLE external_id (
    lane INTEGER NOT NULL,
    hash BLOB NOT NULL,
    event_lane INTEGER NOT NULL,
    position INTEGER NOT NULL,
    person BLOB NOT NULL,
    PRIMARY KEY (lane, hash)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX external_id_person ON external_id (person);

  DROP TABLE used_identity_token;
  CREATE TABLE used_identity_token (
    hash BLOB PRIMARY KEY,
    expires_at INTEGER NOT NULL,
    person BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX used_identity_token_expiry ON used_identity_token (expires_at);
  CREATE INDEX used_identity_token_person ON used_identity_token (person);

  DROP TABLE person;
  CREATE TABLE person (
    lane INTEGER NOT NULL,
    person BLOB NOT NULL,
    revision INTEGER NOT NULL,
    is_identified INTEGER NOT NULL,
    survivor BLOB,
    learnt INTEGER,
    PRIMARY KEY (lane, person)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX person_joined ON person (lane) WHERE survivor IS NOT NULL;

  DROP INDEX alias_person;
  CREATE INDEX alias_person ON alias (person);
  DROP INDEX former_alias_person;
  CREATE INDEX former_alias_person ON former_alias (person);

  CREATE TABLE personal_data (
    lane INTEGER NOT NULL,
    person BLOB NOT NULL,
    kind TEXT NOT NULL,
    id BLOB NOT NULL,
    nonce BLOB NOT NULL,
    encrypted BLOB NOT NULL,
    PRIMARY KEY (lane, person, kind, id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE person_key (
    lane INTEGER NOT NULL,
    person BLOB NOT NULL,
    epoch INTEGER NOT NULL,
    wrapped BLOB NOT NULL,
    PRIMARY KEY (lane, person)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE erasure (
    lane INTEGER NOT NULL,
    person BLOB NOT NULL,
    erasure_id BLOB NOT NULL,
    recorded_at INTEGER NOT NULL,
    body TEXT NOT NULL,
    destroyed TEXT NOT NULL,
    PRIMARY KEY (lane, person)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX erasure_person ON erasure (person);
  CREATE INDEX erasure_time ON erasure (recorded_at, erasure_id);
  CREATE TRIGGER erasure_is_never_changed BEFORE UPDATE ON erasure BEGIN
    SELECT RAISE(ABORT, 'erasures are never changed');
  END;
  CREATE TRIGGER erasure_is_never_removed BEFORE DELETE ON erasure BEGIN
    SELECT RAISE(ABORT, 'erasures are never removed');
  END;

  DROP TRIGGER former_alias_is_never_removed;
  CREATE TRIGGER former_alias_is_never_removed BEFORE DELETE ON former_alias
  WHEN NOT EXISTS (SELECT 1 FROM erasure WHERE erasure.person = OLD.person) BEGIN
    SELECT RAISE(ABORT, 'former aliases are never removed unless their person is erased');
  END;
`
