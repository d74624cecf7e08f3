/**
 * Compliance requests: their facts, which are only inserted; the state that each request has by its facts; what is
 * personal of it, encrypted, and the key that it is encrypted under. All rows of a request are in one lane.
 *
 * Private rows are found by opener and subject: by lists, and when a person is erased, which looks in all lanes of its
 * projects, so the lane is last in these indexes. The statistics of the planner would keep values of rows that were
 * deleted, so no column that is personal has any.
 */
export const sql = `
CREATE TABLE compliance_head (
  lane bigint NOT NULL PRIMARY KEY,
  next_position bigint NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE compliance_fact (
  lane bigint NOT NULL,
  position bigint NOT NULL,
  request uuid NOT NULL,
  ordinal bigint NOT NULL,
  fact_id uuid NOT NULL,
  kind text NOT NULL,
  recorded_at bigint NOT NULL,
  day text NOT NULL,
  actor text NOT NULL,
  body text NOT NULL,
  PRIMARY KEY (lane, position)
);
CREATE UNIQUE INDEX compliance_fact_request ON compliance_fact (lane, request, ordinal);
CREATE INDEX compliance_fact_date ON compliance_fact (lane, recorded_at, fact_id);

CREATE TABLE compliance_request (
  lane bigint NOT NULL,
  request uuid NOT NULL,
  ordinal bigint NOT NULL,
  state text NOT NULL,
  kind text NOT NULL,
  status text COLLATE "C" NOT NULL,
  resolution_status text,
  regulation text NOT NULL,
  domain text,
  country text,
  request_date bigint NOT NULL,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  due_on text COLLATE "C",
  is_lapsed boolean NOT NULL,
  PRIMARY KEY (lane, request)
);
CREATE INDEX compliance_request_date ON compliance_request (lane, request_date, request);

CREATE TABLE compliance_private (
  lane bigint NOT NULL,
  request uuid NOT NULL,
  opener uuid,
  session uuid,
  subject uuid,
  email_hash bytea,
  nonce bytea,
  encrypted bytea,
  PRIMARY KEY (lane, request)
);
CREATE INDEX compliance_private_opener ON compliance_private (opener, lane) WHERE opener IS NOT NULL;
CREATE INDEX compliance_private_subject ON compliance_private (subject, lane) WHERE subject IS NOT NULL;

CREATE TABLE request_key (
  lane bigint NOT NULL,
  request uuid NOT NULL,
  epoch bigint NOT NULL,
  wrapped bytea NOT NULL,
  PRIMARY KEY (lane, request)
);

ALTER TABLE compliance_fact ALTER COLUMN body SET STATISTICS 0;
ALTER TABLE compliance_request ALTER COLUMN state SET STATISTICS 0;
ALTER TABLE compliance_private ALTER COLUMN opener SET STATISTICS 0;
ALTER TABLE compliance_private ALTER COLUMN session SET STATISTICS 0;
ALTER TABLE compliance_private ALTER COLUMN subject SET STATISTICS 0;
ALTER TABLE compliance_private ALTER COLUMN email_hash SET STATISTICS 0;
ALTER TABLE compliance_private ALTER COLUMN nonce SET STATISTICS 0;
ALTER TABLE compliance_private ALTER COLUMN encrypted SET STATISTICS 0;
ALTER TABLE request_key ALTER COLUMN wrapped SET STATISTICS 0;

REVOKE UPDATE, DELETE, TRUNCATE ON compliance_fact FROM CURRENT_USER;
`
