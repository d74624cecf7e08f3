/**
 * The attempts of changes: by its id, a change whose connection broke at the commit finds out that it was committed.
 */
export const sql = `
CREATE TABLE attempt (
  lane bigint NOT NULL,
  id uuid NOT NULL,
  recorded_at bigint NOT NULL,
  PRIMARY KEY (lane, id)
);
CREATE INDEX attempt_age ON attempt (lane, recorded_at);
`
