/**
 * The number of identity changes in each lane of an organization, so that an answer can say which of them it has seen.
 * The row is locked from when a change is counted until its transaction ends, so that all changes up to a number are
 * committed.
 */
export const sql = `
CREATE TABLE people_head (
  lane bigint NOT NULL PRIMARY KEY,
  next_position bigint NOT NULL
) WITH (fillfactor = 50);
`
