/**
 * The change feed: changes that are stored because they happened without an event, how far the scheduler has come,
 * which server does its work, and the identity changes that a feed tells of. An identity change that was made before
 * has no row: no feed tells of it.
 *
 * The index finds the events that expire in a range. Only events with a date of their own are in it.
 */
export const sql = `
CREATE TABLE change (
  lane bigint NOT NULL,
  number bigint NOT NULL,
  before_position bigint NOT NULL,
  recorded_at bigint NOT NULL,
  at bigint NOT NULL,
  type text NOT NULL,
  person uuid,
  consent_type uuid,
  body text NOT NULL,
  PRIMARY KEY (lane, number)
);
CREATE INDEX change_place ON change (lane, before_position, number);

CREATE TABLE lane_feed (
  lane bigint NOT NULL PRIMARY KEY,
  next_number bigint NOT NULL,
  incarnation bigint NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE due_scan (
  lane bigint NOT NULL,
  name text COLLATE "C" NOT NULL,
  state text NOT NULL,
  PRIMARY KEY (lane, name)
) WITH (fillfactor = 50);

CREATE TABLE lease (
  lane bigint NOT NULL,
  name text COLLATE "C" NOT NULL,
  holder text NOT NULL,
  until bigint NOT NULL,
  PRIMARY KEY (lane, name)
) WITH (fillfactor = 50);

CREATE TABLE people_change (
  lane bigint NOT NULL,
  position bigint NOT NULL,
  kind text NOT NULL,
  recorded_at bigint NOT NULL,
  id uuid NOT NULL,
  member uuid NOT NULL,
  survivor uuid NOT NULL,
  PRIMARY KEY (lane, position, id)
);

CREATE INDEX event_expiration ON event (lane, expiration_date, position) WHERE expiration_date IS NOT NULL;

REVOKE UPDATE, DELETE, TRUNCATE ON change, people_change FROM CURRENT_USER;
`
