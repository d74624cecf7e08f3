/**
 * Keeps the survivor of a joined person, the merged heads of each group of joined people, and the aliases that were
 * released. The rows of people that are joined already are written after this migration: see `JoinedRebuild.ts`.
 */
export const sql = `
ALTER TABLE person ADD COLUMN survivor uuid, ADD COLUMN learnt bigint;
CREATE INDEX person_joined ON person (lane) WHERE survivor IS NOT NULL;
ALTER TABLE lane_head ADD COLUMN has_joined boolean NOT NULL DEFAULT false;

CREATE TABLE joined_head (
  lane bigint NOT NULL,
  person uuid NOT NULL,
  consent_type uuid NOT NULL,
  consent_state text NOT NULL,
  consent_date bigint NOT NULL,
  recorded_at bigint NOT NULL,
  event_id uuid NOT NULL,
  position bigint NOT NULL,
  PRIMARY KEY (lane, person, consent_type, consent_state)
);

CREATE TABLE former_alias (
  lane bigint NOT NULL,
  hash bytea NOT NULL,
  recorded_at bigint NOT NULL,
  released_at bigint NOT NULL,
  person uuid NOT NULL,
  PRIMARY KEY (lane, hash, recorded_at, released_at)
);

REVOKE UPDATE, DELETE, TRUNCATE ON former_alias FROM CURRENT_USER;
`
