/**
 * Counts by UTC day, how far each lane was counted, and the registers by which the visitors of a day are estimated.
 * The counts of a project are in its first lane. Rows are written again and again, so pages keep room for them.
 */
export const sql = `
CREATE TABLE consumer (
  lane bigint NOT NULL,
  name text COLLATE "C" NOT NULL,
  position bigint NOT NULL,
  PRIMARY KEY (lane, name)
) WITH (fillfactor = 50);

CREATE TABLE metric (
  lane bigint NOT NULL,
  family text COLLATE "C" NOT NULL,
  day bigint NOT NULL,
  key text COLLATE "C" NOT NULL,
  count bigint NOT NULL,
  PRIMARY KEY (lane, family, day, key)
) WITH (fillfactor = 70);

CREATE TABLE day_visitors (
  lane bigint NOT NULL,
  day bigint NOT NULL,
  registers bytea NOT NULL,
  PRIMARY KEY (lane, day)
);
`
