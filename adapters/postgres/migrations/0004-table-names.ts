/**
 * Tables under the names that the rest of the program uses. Rows, keys and rights stay as they are.
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
