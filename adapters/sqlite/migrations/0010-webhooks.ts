/**
 * Webhooks: how far each has come, the changes that wait for another try, those that were given up, and the log of
 * tries, in which the number of a row is given again.
 */
export const sql = `
  CREATE TABLE webhook_cursor (
    lane INTEGER NOT NULL,
    webhook BLOB NOT NULL,
    name TEXT NOT NULL,
    revision INTEGER NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (lane, webhook, name)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE parked (
    lane INTEGER NOT NULL,
    webhook BLOB NOT NULL,
    person TEXT NOT NULL,
    item_lane INTEGER NOT NULL,
    position INTEGER NOT NULL,
    number INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    PRIMARY KEY (lane, webhook, person, item_lane, position, number)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE dead_letter (
    lane INTEGER NOT NULL,
    webhook BLOB NOT NULL,
    item_lane INTEGER NOT NULL,
    position INTEGER NOT NULL,
    number INTEGER NOT NULL,
    person TEXT NOT NULL,
    buried_at INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (lane, webhook, item_lane, position, number)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE delivery (
    lane INTEGER NOT NULL,
    webhook BLOB NOT NULL,
    slot INTEGER NOT NULL,
    n INTEGER NOT NULL,
    change_id TEXT NOT NULL,
    type TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    tried_at INTEGER NOT NULL,
    millis INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    is_replay INTEGER NOT NULL,
    PRIMARY KEY (lane, webhook, slot)
  ) STRICT, WITHOUT ROWID;
`
