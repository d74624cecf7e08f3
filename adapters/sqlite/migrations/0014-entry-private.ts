/** What is personal of entries of the catalog, encrypted, apart from the catalog, whose earlier states stay. */
export const sql = `
  CREATE TABLE entry_private (
    lane INTEGER NOT NULL,
    entry BLOB NOT NULL,
    nonce BLOB NOT NULL,
    encrypted BLOB NOT NULL,
    PRIMARY KEY (lane, entry)
  ) STRICT, WITHOUT ROWID;
`
