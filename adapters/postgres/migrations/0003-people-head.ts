/**
 * How many changes of who is who each lane of an organization has counted: what an answer has seen of them. The row is locked
 * from when a change is counted until its transaction ends, so a number says that all before it are there.
 */
export const sql = `
CREATE TABLE people_head (
  lane bigint NOT NULL PRIMARY KEY,
  next_position bigint NOT NULL
) WITH (fillfactor = 50);
`
