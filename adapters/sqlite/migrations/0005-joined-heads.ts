/**
 * Keeps the survivor of a joined person, the merged heads of each group of joined people, and the aliases that were
 * released. The rows of people that are joined already are written after this migration: see `JoinedRebuild.ts`.
 */
export const sql = `
  ALTER TABLE person ADD COLUMN survivor BLOB;
  ALTER TABLE person ADD COLUMN learnt INTEGER;
  CREATE INDEX person_joined ON person (lane) WHERE survivor IS NOT NULL;
  ALTER TABLE lane_head ADD COLUMN has_joined INTEGER NOT NULL DEFAULT 0;

  CREATE TABLE joined_head (
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

  CREATE TABLE former_alias (
    lane INTEGER NOT NULL,
    hash BLOB NOT NULL,
    recorded_at INTEGER NOT NULL,
    released_at INTEGER NOT NULL,
    person BLOB NOT NULL,
    PRIMARY KEY (lane, hash, recorded_at, released_at)
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER former_alias_is_never_changed BEFORE UPDATE ON former_alias BEGIN
    SELECT RAISE(ABORT, 'former aliases are never changed');
  END;
  CREATE TRIGGER former_alias_is_never_removed BEFORE DELETE ON former_alias BEGIN
    SELECT RAISE(ABORT, 'former aliases are never removed');
  END;
`
