/**
 * What is personal of entries of the catalog, encrypted, apart from the catalog, whose earlier states stay. A row is in
 * the lane of the entry in its organization. The statistics of the planner would keep values of rows that were deleted.
 */
export const sql = `
CREATE TABLE entry_private (
  lane bigint NOT NULL,
  entry uuid NOT NULL,
  nonce bytea NOT NULL,
  encrypted bytea NOT NULL,
  PRIMARY KEY (lane, entry)
);

ALTER TABLE entry_private ALTER COLUMN nonce SET STATISTICS 0;
ALTER TABLE entry_private ALTER COLUMN encrypted SET STATISTICS 0
`
