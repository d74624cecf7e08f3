/** Access packages that a real server builds, for tests. */
import { expect } from "vitest"
import type { Server } from "../support/server.ts"
import { unzip } from "../support/unzip.ts"
import { asKey } from "./complianceRequests.ts"
import { asOwner, privacy } from "./world.ts"

/** Waits until a request has a package, and answers the id of that file. */
const built = async (server: Server, id: string): Promise<string> => {
  for (;;) {
    const { json } = await asKey(server, "GET", `compliance-requests/${id}`)
    const file = (json.files ?? []).find(({ origin }: { readonly origin: string }) => origin === "package")
    if (file !== undefined) return file.id
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Asks for the package of a request, waits for it, and downloads it. */
export const packageOf = async (server: Server, id: string): Promise<Buffer> => {
  const asked = await asKey(server, "POST", `compliance-requests/${id}/package`)
  expect([asked.status, asked.json.id], asked.text).toEqual([202, id])
  const file = await built(server, id)
  const url = `${server.url}${privacy()}/compliance-requests/${id}/files/${file}`
  const got = await fetch(url, { headers: asOwner })
  expect(got.status).toBe(200)
  expect(got.headers.get("content-type")).toBe("application/zip")
  expect(got.headers.get("content-disposition")).toContain("attachment")
  return Buffer.from(await got.arrayBuffer())
}

/** What a package holds, in the shape of the answer of access: the same names of members. */
export const dataIn = async (zip: Buffer) => {
  const texts = new Map([...(await unzip(zip))].map(([name, bytes]) => [name, bytes.toString()]))
  const json = (name: string) => JSON.parse(texts.get(name)!)
  const lines = texts.get("events.ndjson")!.split("\n")
  return {
    ...json("joins.json"),
    identifiers: json("identifiers.json"),
    sessions: json("sessions.json"),
    personalData: json("personal-data.json"),
    complianceRequests: json("compliance-requests.json"),
    erasures: json("erasures.json"),
    projects: [{ events: lines.filter((line) => line !== "").map((line) => JSON.parse(line)) }],
  }
}
