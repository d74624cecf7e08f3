/**
 * Keeps what happens without an event, how far the scheduler has come, and the identity changes that a feed tells of.
 *
 * An identity change from before has no row in `people_change`: its position is a gap, and no feed tells of it.
 */
export const sql = `
  CREATE TABLE change (
    lane INTEGER NOT NULL,
    number INTEGER NOT NULL,
    before_position INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    at INTEGER NOT NULL,
    type TEXT NOT NULL,
    person BLOB,
    consent_type BLOB,
    body TEXT NOT NULL,
    PRIMARY KEY (lane, number)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX change_place ON change (lane, before_position, number);
  CREATE TRIGGER change_is_never_changed BEFORE UPDATE ON change BEGIN
    SELECT RAISE(ABORT, 'changes are never changed');
  END;
  CREATE TRIGGER change_is_never_removed BEFORE DELETE ON change BEGIN
    SELECT RAISE(ABORT, 'changes are never removed');
  END;

  CREATE TABLE lane_feed (
    lane INTEGER PRIMARY KEY,
    next_number INTEGER NOT NULL,
    incarnation INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE due_scan (
    lane INTEGER NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (lane, name)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE lease (
    lane INTEGER NOT NULL,
    name TEXT NOT NULL,
    holder TEXT NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (lane, name)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE people_change (
    lane INTEGER NOT NULL,
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    id BLOB NOT NULL,
    member BLOB NOT NULL,
    survivor BLOB NOT NULL,
    PRIMARY KEY (lane, position, id)
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER people_change_is_never_changed BEFORE UPDATE ON people_change BEGIN
    SELECT RAISE(ABORT, 'identity changes are never changed');
  END;
  CREATE TRIGGER people_change_is_never_removed BEFORE DELETE ON people_change BEGIN
    SELECT RAISE(ABORT, 'identity changes are never removed');
  END;

  CREATE INDEX event_expiration ON event (lane, expiration_date, position) WHERE expiration_date IS NOT NULL;
`
