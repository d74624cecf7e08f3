/**
 * The outbox of mails, with what is personal of them encrypted; files of compliance requests, in encrypted chunks; and
 * the day on which passing time changes a request. All rows of a request are in one lane.
 *
 * Mails that are due, files that were never attached and requests that are to be swept are looked for in all lanes, so
 * the lane is not first in the indexes of these: each has only the rows that still wait. The statistics of the planner
 * would keep values of rows that were deleted, so no column that is personal has any.
 *
 * Requests that are there have a day in the past, because on which day time changes them is not known here: the sweep
 * looks at each of them.
 */
export const sql = `
CREATE TABLE outbox (
  lane bigint NOT NULL,
  mail uuid NOT NULL,
  request uuid NOT NULL,
  template text NOT NULL,
  state text NOT NULL,
  tries bigint NOT NULL,
  created_at bigint NOT NULL,
  due_at bigint NOT NULL,
  ends_at bigint NOT NULL,
  recipient_hash bytea,
  nonce bytea,
  encrypted bytea,
  outcome text,
  ended_at bigint,
  PRIMARY KEY (lane, mail)
);
CREATE INDEX outbox_mail ON outbox (mail, lane);
CREATE INDEX outbox_request ON outbox (lane, request);
CREATE INDEX outbox_date ON outbox (lane, created_at, mail);
CREATE INDEX outbox_recipient ON outbox (lane, recipient_hash, created_at) WHERE recipient_hash IS NOT NULL;
CREATE INDEX outbox_due ON outbox (due_at, lane, mail, created_at) WHERE state = 'waiting';
CREATE INDEX outbox_failed ON outbox (lane, created_at, mail) WHERE state = 'failed';

CREATE TABLE request_file (
  lane bigint NOT NULL,
  request uuid NOT NULL,
  file uuid NOT NULL,
  begun_at bigint NOT NULL,
  is_attached boolean NOT NULL,
  PRIMARY KEY (lane, request, file)
) WITH (fillfactor = 50);
CREATE INDEX request_file_begun ON request_file (begun_at, lane, request, file) WHERE NOT is_attached;

CREATE TABLE file_chunk (
  lane bigint NOT NULL,
  request uuid NOT NULL,
  file uuid NOT NULL,
  ordinal bigint NOT NULL,
  nonce bytea NOT NULL,
  encrypted bytea NOT NULL,
  PRIMARY KEY (lane, request, file, ordinal)
);

ALTER TABLE compliance_request ADD COLUMN sweep_on text COLLATE "C";
UPDATE compliance_request SET sweep_on = '1970-01-01';
CREATE INDEX compliance_request_sweep ON compliance_request (sweep_on, lane, request) WHERE sweep_on IS NOT NULL;

ALTER TABLE outbox ALTER COLUMN recipient_hash SET STATISTICS 0;
ALTER TABLE outbox ALTER COLUMN nonce SET STATISTICS 0;
ALTER TABLE outbox ALTER COLUMN encrypted SET STATISTICS 0;
ALTER TABLE file_chunk ALTER COLUMN nonce SET STATISTICS 0;
ALTER TABLE file_chunk ALTER COLUMN encrypted SET STATISTICS 0;
`
