/**
 * The outbox of mails, with what is personal of them encrypted; files of compliance requests, in encrypted chunks; and
 * the day on which passing time changes a request.
 *
 * What is encrypted stands last in a row and is long, so a row that is read without it is read from its first page
 * only.
 *
 * Requests that are there have a day in the past, because on which day time changes them is not known here: the sweep
 * looks at each of them.
 */
export const sql = `
  CREATE TABLE outbox (
    lane INTEGER NOT NULL,
    mail BLOB NOT NULL,
    request BLOB NOT NULL,
    template TEXT NOT NULL,
    state TEXT NOT NULL,
    tries INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    recipient_hash BLOB,
    outcome TEXT,
    ended_at INTEGER,
    nonce BLOB,
    encrypted BLOB,
    PRIMARY KEY (lane, mail)
  ) STRICT;
  CREATE INDEX outbox_mail ON outbox (mail);
  CREATE INDEX outbox_request ON outbox (lane, request);
  CREATE INDEX outbox_time ON outbox (lane, created_at, mail);
  CREATE INDEX outbox_recipient ON outbox (lane, recipient_hash, created_at) WHERE recipient_hash IS NOT NULL;
  CREATE INDEX outbox_due ON outbox (due_at, lane, mail, created_at) WHERE state = 'waiting';
  CREATE INDEX outbox_failed ON outbox (lane, created_at, mail) WHERE state = 'failed';

  CREATE TABLE request_file (
    lane INTEGER NOT NULL,
    request BLOB NOT NULL,
    file BLOB NOT NULL,
    begun_at INTEGER NOT NULL,
    is_attached INTEGER NOT NULL,
    PRIMARY KEY (lane, request, file)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX request_file_begun ON request_file (begun_at, lane, request, file) WHERE is_attached = 0;

  CREATE TABLE file_chunk (
    lane INTEGER NOT NULL,
    request BLOB NOT NULL,
    file BLOB NOT NULL,
    ordinal INTEGER NOT NULL,
    nonce BLOB NOT NULL,
    encrypted BLOB NOT NULL,
    PRIMARY KEY (lane, request, file, ordinal)
  ) STRICT;

  ALTER TABLE compliance_request ADD COLUMN sweep_on TEXT;
  UPDATE compliance_request SET sweep_on = '1970-01-01';
  CREATE INDEX compliance_request_sweep ON compliance_request (sweep_on, lane, request) WHERE sweep_on IS NOT NULL;
`
