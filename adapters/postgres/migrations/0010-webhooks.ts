/**
 * The state of webhooks: how far each has come, the changes that wait for another try, those that were given up, and
 * the log of tries, in which a new try takes the slot of an old one. All rows of a webhook are in one lane. The
 * person of a change about no person is the empty text.
 */
export const sql = `
CREATE TABLE webhook_cursor (
  lane bigint NOT NULL,
  webhook uuid NOT NULL,
  name text COLLATE "C" NOT NULL,
  revision bigint NOT NULL,
  state text NOT NULL,
  PRIMARY KEY (lane, webhook, name)
) WITH (fillfactor = 50);

CREATE TABLE parked (
  lane bigint NOT NULL,
  webhook uuid NOT NULL,
  person text COLLATE "C" NOT NULL,
  item_lane bigint NOT NULL,
  position bigint NOT NULL,
  number bigint NOT NULL,
  tries bigint NOT NULL,
  next_at bigint NOT NULL,
  PRIMARY KEY (lane, webhook, person, item_lane, position, number)
);

CREATE TABLE dead_letter (
  lane bigint NOT NULL,
  webhook uuid NOT NULL,
  item_lane bigint NOT NULL,
  position bigint NOT NULL,
  number bigint NOT NULL,
  person text NOT NULL,
  buried_at bigint NOT NULL,
  tries bigint NOT NULL,
  outcome text NOT NULL,
  PRIMARY KEY (lane, webhook, item_lane, position, number)
);

CREATE TABLE delivery (
  lane bigint NOT NULL,
  webhook uuid NOT NULL,
  slot bigint NOT NULL,
  n bigint NOT NULL,
  change_id text NOT NULL,
  type text NOT NULL,
  attempt bigint NOT NULL,
  tried_at bigint NOT NULL,
  millis bigint NOT NULL,
  outcome text NOT NULL,
  is_replay boolean NOT NULL,
  PRIMARY KEY (lane, webhook, slot)
) WITH (fillfactor = 50);
`
