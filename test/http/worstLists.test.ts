/** Lists of a catalog that is as large as a tenant can make it: a page has a limit in bytes, and its cursor goes on. */
import { afterAll, beforeAll, expect, test } from "vitest"
import * as Ids from "../../bench/worst/ids.ts"
import { type CountedServer, startHostile } from "../support/counted.ts"

const sizes: Ids.Sizes = {
  types: 200,
  longDocuments: 40,
  longestDocuments: 1,
  versions: 20,
  projects: 300,
  keys: 60,
  manyEvents: 0,
  oneEvents: 0,
  guests: 0,
  guestEvents: 0,
  people: 0,
}

let server: CountedServer
beforeAll(async () => {
  server = await startHostile(sizes)
})
afterAll(() => server?.stop())

const organization = `/privacy-v1/organizations/${Ids.organizationId}`
const asOwner = { "x-api-key": Ids.secrets.owner }

/** The most bytes of a page: 1 MiB of items, the last one, and what is around them. */
const pageMaxBytes = 1.5 * 1024 * 1024

const lists: ReadonlyArray<readonly [path: string, headers: Readonly<Record<string, string>>, total: number]> = [
  [`${organization}/projects/${Ids.projectId}/consent-types`, asOwner, sizes.types],
  [`/site-v1/${Ids.projectId}/consent-types`, { "x-session": Ids.tokenOf("many") }, sizes.types],
  [`${organization}/api-keys`, asOwner, sizes.keys],
  [`${organization}/projects`, asOwner, sizes.projects],
]

test.each(lists)("%s", async (path, headers, total) => {
  const ids: Array<string> = []
  let cursor: string | undefined = ""
  while (cursor !== undefined) {
    const query = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`
    const page = await server.work(`${path}?limit=1000${query}`, { headers })
    expect(page.status, page.text.slice(0, 300)).toBe(200)
    expect(page.total.bytes).toBeLessThanOrEqual(pageMaxBytes)
    // Documents are read for a page at once, and not for each item.
    expect(page.total.calls).toBeLessThanOrEqual(8)
    const { items, nextCursor } = JSON.parse(page.text)
    ids.push(...items.map(({ id }: { id: string }) => id))
    cursor = nextCursor
  }
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids.length).toBe(total)
})
