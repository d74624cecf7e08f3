/**
 * A ledger that `assent/open` opened counts by itself, and writes what it alone saw when it closes.
 */
import { expect, test, vi } from "vitest"
import type { OpenLedger } from "../../apps/embed/index.ts"
import { openAt, places, yes } from "./opened.ts"

const dayMillis = 86_400_000

/** The sums over the days around now. */
const sums = async (ledger: OpenLedger, secret: string) => {
  const now = Date.now()
  const path = `/privacy-v1/organizations/${ledger.organizationId}/metrics?startDate=${now - dayMillis}&endDate=${now + dayMillis}`
  const answer = await ledger.handler(new Request(`http://localhost${path}`, { headers: { "x-api-key": secret } }))
  const text = await answer.text()
  expect(answer.status, text).toBe(200)
  const items: ReadonlyArray<{ readonly consentEvents: { readonly created: number; readonly read: number } }> =
    JSON.parse(text).items
  return items.reduce(
    (sum, { consentEvents }) => ({ created: sum.created + consentEvents.created, read: sum.read + consentEvents.read }),
    { created: 0, read: 0 },
  )
}

test("events are counted while it is open, and answered events once it was closed", { timeout: 60_000 }, async () => {
  const place = await places["SQLite"]!()
  const first = await openAt(place)
  const { secret } = await first.createKey({ name: "staff", role: "owner" })
  await first.record([
    { userId: "a", ...yes },
    { userId: "b", ...yes },
  ])
  await vi.waitFor(async () => expect(await sums(first, secret)).toEqual({ created: 2, read: 0 }), { timeout: 30_000 })
  const events = `/privacy-v1/organizations/${first.organizationId}/projects/${first.projectId}/consent-events`
  const listed = await first.handler(new Request(`http://localhost${events}`, { headers: { "x-api-key": secret } }))
  expect(listed.status).toBe(200)
  await listed.arrayBuffer()
  await first.close()
  await using again = await openAt(place)
  expect(await sums(again, secret)).toEqual({ created: 2, read: 2 })
})
