/**
 * Queries of the tables of a ledger on PostgreSQL that bypass the store's code. The answers of the first four must be
 * empty; those of the other two must be equal.
 */

/** The lanes whose positions have a gap, or do not end where their head says. */
export const lanesWithGaps = `
  SELECT h.lane FROM lane_head h LEFT JOIN event e ON e.lane = h.lane GROUP BY h.lane, h.next_position, h.last_recorded_at
  HAVING count(e.position) <> h.next_position OR min(e.position) <> 0 OR max(e.position) <> h.next_position - 1
    OR max(e.recorded_at) > h.last_recorded_at`

/** The lanes whose changes have a gap, or are recorded at or after what the lane goes on with. */
export const lanesWithLostChanges = `
  SELECT f.lane FROM lane_feed f LEFT JOIN change c ON c.lane = f.lane LEFT JOIN lane_head h ON h.lane = f.lane
  GROUP BY f.lane, f.next_number, h.last_recorded_at
  HAVING count(c.number) <> f.next_number OR min(c.number) <> 0 OR max(c.number) <> f.next_number - 1
    OR (max(c.recorded_at) < h.last_recorded_at) IS NOT TRUE`

/** The lanes in which events and changes, as the feed orders them, are not in the order of their recording. */
export const feedsGoingBack = `
  SELECT lane FROM (
    SELECT lane, recorded_at, lag(recorded_at) OVER (PARTITION BY lane ORDER BY place, kind, number) AS before FROM (
      SELECT lane, position AS place, 1 AS kind, 0 AS number, recorded_at FROM event
      UNION ALL SELECT lane, before_position, 0, number, recorded_at FROM change
    ) item
  ) o WHERE before > recorded_at`

/** The lanes in which `dateCreated` goes back. */
export const lanesGoingBack = `
  SELECT lane FROM (SELECT lane, recorded_at, lag(recorded_at) OVER (PARTITION BY lane ORDER BY position) AS before FROM event) o
  WHERE before > recorded_at`

/** The latest event of each person, type and state. */
export const latestEvents = `
  SELECT DISTINCT ON (lane, person, consent_type, consent_state) lane, person, event_id FROM event
  ORDER BY lane, person, consent_type, consent_state, consent_date DESC, recorded_at DESC, event_id DESC`

/** The events that the heads name. */
export const headEvents = "SELECT lane, person, event_id FROM head ORDER BY lane, person, consent_type, consent_state"
