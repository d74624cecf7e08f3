/**
 * The tables of a ledger. The lane is the first column of every key. There is no sequence, foreign key, stored function
 * or advisory lock, so that the same statements run on PostgreSQL and on engines that speak its protocol and language.
 * Events and facts are only inserted: only a superuser may change or remove one.
 */
export const sql = `
CREATE TABLE lane_head (
  lane bigint NOT NULL PRIMARY KEY,
  next_position bigint NOT NULL,
  last_recorded_at bigint NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE event (
  lane bigint NOT NULL,
  position bigint NOT NULL,
  person uuid NOT NULL,
  event_id uuid NOT NULL,
  consent_type uuid NOT NULL,
  version bigint NOT NULL,
  consent_state text NOT NULL,
  consent_action text NOT NULL,
  consent_date bigint NOT NULL,
  recorded_at bigint NOT NULL,
  expiration_date bigint,
  submitter text NOT NULL,
  session text,
  domain text,
  geography text,
  external_id bytea,
  body text NOT NULL,
  digest bytea NOT NULL,
  PRIMARY KEY (lane, position)
);
CREATE UNIQUE INDEX event_id ON event (lane, event_id);
CREATE UNIQUE INDEX event_person ON event (lane, person, consent_date, event_id);
CREATE UNIQUE INDEX event_date ON event (lane, consent_date, position);

CREATE TABLE head (
  lane bigint NOT NULL,
  person uuid NOT NULL,
  consent_type uuid NOT NULL,
  consent_state text NOT NULL,
  consent_date bigint NOT NULL,
  recorded_at bigint NOT NULL,
  event_id uuid NOT NULL,
  position bigint NOT NULL,
  PRIMARY KEY (lane, person, consent_type, consent_state)
);

CREATE TABLE external_id (
  lane bigint NOT NULL,
  hash bytea NOT NULL,
  event_lane bigint NOT NULL,
  position bigint NOT NULL,
  PRIMARY KEY (lane, hash)
);

CREATE TABLE used_type (
  lane bigint NOT NULL,
  consent_type uuid NOT NULL,
  PRIMARY KEY (lane, consent_type)
);

CREATE TABLE receipt (
  lane bigint NOT NULL,
  hash bytea NOT NULL,
  digest bytea NOT NULL,
  answer text NOT NULL,
  recorded_at bigint NOT NULL,
  PRIMARY KEY (lane, hash)
);
CREATE INDEX receipt_age ON receipt (lane, recorded_at);

CREATE TABLE alias (
  lane bigint NOT NULL,
  hash bytea NOT NULL,
  person uuid NOT NULL,
  recorded_at bigint NOT NULL,
  PRIMARY KEY (lane, hash)
);

CREATE TABLE person (
  lane bigint NOT NULL,
  person uuid NOT NULL,
  revision bigint NOT NULL,
  is_identified boolean NOT NULL,
  profile text,
  PRIMARY KEY (lane, person)
);

CREATE TABLE person_fact (
  lane bigint NOT NULL,
  person uuid NOT NULL,
  ordinal bigint NOT NULL,
  body text NOT NULL,
  PRIMARY KEY (lane, person, ordinal)
);

CREATE TABLE used_proof (
  lane bigint NOT NULL,
  hash bytea NOT NULL,
  expires_at bigint NOT NULL,
  PRIMARY KEY (lane, hash)
);
CREATE INDEX used_proof_expiry ON used_proof (lane, expires_at);

CREATE TABLE session (
  lane bigint NOT NULL,
  token_hash bytea NOT NULL,
  person uuid NOT NULL,
  expires_at bigint NOT NULL,
  body text NOT NULL,
  PRIMARY KEY (lane, token_hash)
);
CREATE INDEX session_expiry ON session (lane, expires_at);
CREATE INDEX session_person ON session (lane, person);

CREATE TABLE configuration (
  lane bigint NOT NULL,
  revision bigint NOT NULL,
  ordinal bigint NOT NULL,
  kind text NOT NULL,
  body text NOT NULL,
  PRIMARY KEY (lane, revision, ordinal)
);
CREATE TABLE configuration_head (
  lane bigint NOT NULL PRIMARY KEY,
  revision bigint NOT NULL
);
INSERT INTO configuration_head VALUES (0, 0);

CREATE TABLE document (
  lane bigint NOT NULL,
  consent_type uuid NOT NULL,
  version bigint NOT NULL,
  document text NOT NULL,
  PRIMARY KEY (lane, consent_type, version)
);

CREATE TABLE key_use (
  lane bigint NOT NULL,
  id uuid NOT NULL,
  last_used_at bigint NOT NULL,
  PRIMARY KEY (lane, id)
);

REVOKE UPDATE, DELETE, TRUNCATE ON event, person_fact FROM CURRENT_USER;
`
