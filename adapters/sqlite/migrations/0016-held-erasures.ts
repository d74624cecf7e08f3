/**
 * Keeps erasures that destroy personal data and keep identifiers, apart from those of everything: a person may have
 * several of them, and is found and recorded about as before.
 */
export const sql = `
  CREATE TABLE held_erasure (
    lane INTEGER NOT NULL,
    person BLOB NOT NULL,
    erasure_id BLOB NOT NULL,
    recorded_at INTEGER NOT NULL,
    body TEXT NOT NULL,
    destroyed TEXT NOT NULL,
    PRIMARY KEY (lane, person, erasure_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX held_erasure_time ON held_erasure (recorded_at, erasure_id);
  CREATE TRIGGER held_erasure_is_never_changed BEFORE UPDATE ON held_erasure BEGIN
    SELECT RAISE(ABORT, 'erasures are never changed');
  END;
  CREATE TRIGGER held_erasure_is_never_removed BEFORE DELETE ON held_erasure BEGIN
    SELECT RAISE(ABORT, 'erasures are never removed');
  END;
`
