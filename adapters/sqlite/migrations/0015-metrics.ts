/**
 * Counts by UTC day, how far each lane was counted, and the registers by which the visitors of a day are estimated.
 * The counts of a project are in its first lane.
 */
export const sql = `
  CREATE TABLE consumer (
    lane INTEGER NOT NULL,
    name TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (lane, name)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE metric (
    lane INTEGER NOT NULL,
    family TEXT NOT NULL,
    day INTEGER NOT NULL,
    key TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (lane, family, day, key)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE day_visitors (
    lane INTEGER NOT NULL,
    day INTEGER NOT NULL,
    registers BLOB NOT NULL,
    PRIMARY KEY (lane, day)
  ) STRICT;
`
