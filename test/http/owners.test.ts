/** Owners: an organization cannot lose its last one, and only owners change keys. */
import { describe, expect, test } from "vitest"
import type { Answer } from "../support/server.ts"
import { served } from "../support/served.ts"
import { expectProblem } from "./problem.ts"
import { acme, asOwner, nobody, ownerKeyId, secretOf, shop, startWorld } from "./world.ts"

const server = served(startWorld)

const organizations = "/privacy-v1/organizations"
const keys = `${organizations}/${acme.id}/api-keys`

const send = (method: string, path: string, json?: unknown, secret = asOwner["x-api-key"]): Promise<Answer> => {
  const sent = { headers: { "x-api-key": secret } }
  return server.request(method, path, json === undefined ? sent : { ...sent, json })
}

interface Made {
  readonly id: string
  readonly secret: string
}

/** A new organization, with the key of its owner. */
const founded = async () => {
  const wanted = { name: "Mine", primaryDomain: "mine.example", privacyPolicyUrl: "https://mine.example/p" }
  const { id, apiKey } = (await send("POST", organizations, wanted)).json
  return { path: `${organizations}/${id}/api-keys`, owner: apiKey as Made }
}

describe("the last owner's key that lasts", () => {
  const lastOwner = (answer: Answer): void => {
    expectProblem(answer, 409)
    expect(answer.json.errors).toMatchObject([{ code: "last_owner" }])
  }

  test.each([
    ["demoted", { role: "admin" }],
    ["made to expire", { expiresAt: "2999-01-01T00:00:00Z" }],
    ["both", { role: "none", expiresAt: "2001-01-01T00:00:00Z" }],
    ["revoked", undefined],
  ])(
    "cannot be %s, though an owner's key that expires and an admin's are left; it can once there is another",
    async (_, change) => {
      const { path, owner } = await founded()
      const method = change === undefined ? "DELETE" : "PATCH"
      const make = (fields: object) => send("POST", path, { name: "Another", role: "owner", ...fields }, owner.secret)
      await make({ expiresAt: "2999-01-01T00:00:00Z" })
      await make({ role: "admin" })
      const revoked = (await make({})).json
      await send("DELETE", `${path}/${revoked.id}`, undefined, owner.secret)
      lastOwner(await send(method, `${path}/${owner.id}`, change, owner.secret))
      expect(
        (await send("PATCH", `${path}/${owner.id}`, { name: "Still", role: "owner", permissions: [] }, owner.secret))
          .status,
      ).toBe(200)
      const another: Made = (await make({})).json
      expect((await send(method, `${path}/${owner.id}`, change, owner.secret)).status).toBe(200)
      lastOwner(await send("DELETE", `${path}/${another.id}`, undefined, another.secret))
    },
  )

  test("is one of two, even if both are revoked at the same time", async () => {
    for (let round = 0; round < 5; round++) {
      const { path, owner } = await founded()
      const another: Made = (await send("POST", path, { name: "Another", role: "owner" }, owner.secret)).json
      const answers = await Promise.all([
        send("DELETE", `${path}/${another.id}`, undefined, owner.secret),
        send("DELETE", `${path}/${owner.id}`, undefined, another.secret),
      ])
      const left = answers[0]!.status === 200 ? owner : another
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
      expect((await send("GET", path, undefined, left.secret)).json.total).toBe(1)
    }
  })
})

test("an admin's key sees and touches no key, also where a project gives it the role of an owner", async () => {
  const permissions = [{ projectId: shop.id, role: "owner" }]
  const raised: Made = (await send("POST", keys, { name: "Raised", role: "admin", permissions })).json
  for (const secret of [secretOf(acme, "admin"), raised.secret]) {
    for (const [method, path, json] of [
      ["GET", keys],
      ["POST", keys, { name: "Made", role: "none" }],
      ["PATCH", `${keys}/${raised.id}`, { role: "owner" }],
      ["PATCH", `${keys}/${ownerKeyId}`, { role: "none" }],
      ["DELETE", `${keys}/${raised.id}`],
      ["DELETE", `${keys}/${nobody}`],
    ] as const) {
      expectProblem(await send(method, path, json, secret), 403)
    }
  }
})
