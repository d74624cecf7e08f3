/**
 * Renames tables and indexes to the words that the rest of the program uses. No row changes. SQLite cannot rename an
 * index, so the two indexes are made again.
 */
export const sql = `
  ALTER TABLE receipt RENAME TO idempotency;
  DROP INDEX receipt_age;
  CREATE INDEX idempotency_age ON idempotency (recorded_at);
  ALTER TABLE used_proof RENAME TO used_identity_token;
  DROP INDEX used_proof_expiry;
  CREATE INDEX used_identity_token_expiry ON used_identity_token (expires_at);
  ALTER TABLE configuration RENAME TO catalog_entry;
  ALTER TABLE configuration_head RENAME TO catalog_head;
`
