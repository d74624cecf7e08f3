/**
 * Keeps personal data apart from what it belongs to: encrypted under the key of its person, so that a person can be
 * erased while its events stay. An event keeps commitments to its personal data, and the leaf hash of its body.
 *
 * Only a ledger without an organization is changed like this. Any other one is upgraded with `assent upgrade`, because
 * the bodies of its events have to be written again.
 *
 * What is deleted when a person is erased is found by the person. So the aliases of browsers are in the indexes, too,
 * and former aliases may be deleted.
 *
 * A session without a commitment is refused: a server of an earlier version would write personal data in clear.
 *
 * The statistics of the planner would keep values of rows that were deleted. Columns that decide no plan have none.
 */
export const sql = `
ALTER TABLE event DROP COLUMN external_id;
ALTER TABLE event RENAME COLUMN digest TO leaf;
ALTER TABLE external_id ADD COLUMN person uuid NOT NULL;
CREATE INDEX external_id_person ON external_id (lane, person);
ALTER TABLE used_identity_token ADD COLUMN person uuid NOT NULL;
CREATE INDEX used_identity_token_person ON used_identity_token (lane, person);
ALTER TABLE person DROP COLUMN profile;
ALTER TABLE lane_head ADD COLUMN has_erased boolean NOT NULL DEFAULT false;
DROP INDEX alias_person;
CREATE INDEX alias_person ON alias (lane, person);
DROP INDEX former_alias_person;
CREATE INDEX former_alias_person ON former_alias (lane, person);

ALTER TABLE session ADD CONSTRAINT session_commitment CHECK (body LIKE '%"commitment":"%');

CREATE TABLE person_key (
  lane bigint NOT NULL,
  person uuid NOT NULL,
  epoch bigint NOT NULL,
  wrapped bytea NOT NULL,
  PRIMARY KEY (lane, person)
);

CREATE TABLE personal_data (
  lane bigint NOT NULL,
  person uuid NOT NULL,
  kind text COLLATE "C" NOT NULL,
  id bytea NOT NULL,
  nonce bytea NOT NULL,
  encrypted bytea NOT NULL,
  PRIMARY KEY (lane, person, kind, id)
);

CREATE TABLE erasure (
  lane bigint NOT NULL,
  person uuid NOT NULL,
  erasure_id uuid NOT NULL,
  recorded_at bigint NOT NULL,
  body text NOT NULL,
  destroyed text NOT NULL,
  PRIMARY KEY (lane, person)
);
CREATE INDEX erasure_date ON erasure (lane, recorded_at, erasure_id);

ALTER TABLE person_key ALTER COLUMN wrapped SET STATISTICS 0;
ALTER TABLE personal_data ALTER COLUMN id SET STATISTICS 0;
ALTER TABLE personal_data ALTER COLUMN nonce SET STATISTICS 0;
ALTER TABLE personal_data ALTER COLUMN encrypted SET STATISTICS 0;
ALTER TABLE session ALTER COLUMN token_hash SET STATISTICS 0;
ALTER TABLE session ALTER COLUMN body SET STATISTICS 0;
ALTER TABLE used_identity_token ALTER COLUMN hash SET STATISTICS 0;
ALTER TABLE idempotency ALTER COLUMN answer SET STATISTICS 0;
ALTER TABLE event ALTER COLUMN body SET STATISTICS 0;
ALTER TABLE person_fact ALTER COLUMN body SET STATISTICS 0;

GRANT DELETE ON former_alias TO CURRENT_USER;
REVOKE UPDATE, DELETE, TRUNCATE ON erasure FROM CURRENT_USER;
`
