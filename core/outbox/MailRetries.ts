/**
 * When a mail that was not taken is tried again: after 1, 5 and 15 minutes, 1, 4 and 12 hours, and then every day,
 * until its end. RFC 5321 (section 4.5.4.1) asks a relay for 4 to 5 days; a mail of ours is given up after 3, and one
 * with a code once the code ends, because it is of no use then.
 */
import type { Instant } from "../engine/Instant.ts"
import type { ListedMail } from "../ports/OutboxStore.ts"

const minute = 60 * 1000
const hour = 60 * minute

/** How long a mail waits after its first, second … try; then always as long as the last. */
const delays = [minute, 5 * minute, 15 * minute, hour, 4 * hour, 12 * hour, 24 * hour]

/** A delay, 20 % shorter to 20 % longer, so that mails of one outage are not all tried at the same time. */
const spread = (millis: number, random: number): number => Math.round(millis * (0.8 + 0.4 * random))

/** When a mail is tried again after its tries, from 1; `undefined`: its end comes first. `random`: from 0 to 1. */
export const nextAt = (
  { endsAt, tries }: Pick<ListedMail, "endsAt" | "tries">,
  now: Instant,
  random: number,
): Instant | undefined => {
  const at = now + spread(delays[Math.min(tries, delays.length) - 1]!, random)
  return at < endsAt ? at : undefined
}
