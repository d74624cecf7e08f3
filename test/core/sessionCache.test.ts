/** Sessions that were read a moment ago. */
import { expect, test } from "vitest"
import * as SessionCache from "../../core/ledger/SessionCache.ts"
import type { Session } from "../../core/ports/LedgerStore.ts"

const session: Session = {
  tokenHash: "hash",
  id: "id",
  project: "project",
  concordId: "person",
  expiresAt: 1_000_000,
  commitment: "",
  domain: "shop.example",
}

test("A session is remembered for less than a second after it was read, however often it is extended", () => {
  const cache: SessionCache.SessionCache = new Map()
  SessionCache.put(cache, session, 5000)
  const extended = { ...session, expiresAt: 2_000_000 }
  SessionCache.replace(cache, extended)
  expect(SessionCache.freshMillis).toBe(1000)
  expect(SessionCache.get(cache, "hash", 5999)).toBe(extended)
  expect(SessionCache.get(cache, "hash", 6000)).toBeUndefined()
})

test("That the part of a session is kept is known as long as the session, also where it is read again", () => {
  const cache: SessionCache.SessionCache = new Map()
  SessionCache.noteKeptPart(cache, "hash")
  expect(SessionCache.hasKeptPart(cache, "hash")).toBe(false)
  SessionCache.put(cache, session, 5000)
  expect(SessionCache.hasKeptPart(cache, "hash")).toBe(false)
  SessionCache.noteKeptPart(cache, "hash")
  SessionCache.replace(cache, { ...session, expiresAt: 2_000_000 })
  SessionCache.put(cache, session, 7000)
  expect(SessionCache.hasKeptPart(cache, "hash")).toBe(true)
  SessionCache.remove(cache, "hash", undefined)
  SessionCache.put(cache, session, 7000)
  expect(SessionCache.hasKeptPart(cache, "hash")).toBe(false)
})

test("A session that was removed does not come back because it is extended", () => {
  const cache: SessionCache.SessionCache = new Map()
  SessionCache.put(cache, session, 5000)
  SessionCache.remove(cache, "hash", undefined)
  SessionCache.replace(cache, session)
  expect(SessionCache.get(cache, "hash", 5000)).toBeUndefined()
})
