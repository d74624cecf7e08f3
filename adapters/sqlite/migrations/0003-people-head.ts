/**
 * The number of identity changes that each lane of an organization has counted, for the version vector of answers.
 */
export const sql = `
  CREATE TABLE people_head (
    lane INTEGER PRIMARY KEY,
    next_position INTEGER NOT NULL
  ) STRICT;
`
