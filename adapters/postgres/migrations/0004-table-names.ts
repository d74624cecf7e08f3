/**
 * Gives four tables and their indexes the names that the rest of the program uses. Rows, keys and rights stay as they
 * are: PostgreSQL keeps the rights of roles with the table and not with its name, and Citus its distribution.
 *
 * Servers of the last version must be stopped before this migration is applied, because they ask for the tables by
 * their old names and would fail every request. They refuse to start afterwards, because the database was written by a
 * later version.
 */
export const sql = `
ALTER TABLE receipt RENAME TO idempotency;
ALTER INDEX receipt_pkey RENAME TO idempotency_pkey;
ALTER INDEX receipt_age RENAME TO idempotency_age;

ALTER TABLE used_proof RENAME TO used_identity_token;
ALTER INDEX used_proof_pkey RENAME TO used_identity_token_pkey;
ALTER INDEX used_proof_expiry RENAME TO used_identity_token_expiry;

ALTER TABLE configuration RENAME TO catalog_entry;
ALTER INDEX configuration_pkey RENAME TO catalog_entry_pkey;

ALTER TABLE configuration_head RENAME TO catalog_head;
ALTER INDEX configuration_head_pkey RENAME TO catalog_head_pkey;
`
