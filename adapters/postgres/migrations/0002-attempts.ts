/**
 * The marks by which a change whose commit was cut off finds out that it was kept.
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
