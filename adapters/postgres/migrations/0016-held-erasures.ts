/**
 * Keeps erasures that destroy personal data and keep identifiers, apart from those of everything: a person may have
 * several of them, and is found and recorded about as before.
 */
export const sql = `
CREATE TABLE held_erasure (
  lane bigint NOT NULL,
  person uuid NOT NULL,
  erasure_id uuid NOT NULL,
  recorded_at bigint NOT NULL,
  body text NOT NULL,
  destroyed text NOT NULL,
  PRIMARY KEY (lane, person, erasure_id)
);
CREATE INDEX held_erasure_date ON held_erasure (lane, recorded_at, erasure_id);
REVOKE UPDATE, DELETE, TRUNCATE ON held_erasure FROM CURRENT_USER;
`
