/**
 * Sends recipes to a server over the hostile ledger, and starts the server again where a request has ended it.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Ids from "./ids.ts"
import * as Ledger from "./ledger.ts"
import type { Recipe } from "./requests.ts"
import * as Server from "./server.ts"
import * as Template from "./template.ts"

/** The aims: the longest turn of the event loop in milliseconds, and the memory above idle in bytes. */
export const aims = { turnMillis: 200, heapBytes: 64 * 1024 * 1024 } as const

/** How bad a request is: above 1 it misses an aim. */
export const badness = ({ heapBytes, turnMillis }: Pick<Server.Cost, "heapBytes" | "turnMillis">): number =>
  Math.max(turnMillis / aims.turnMillis, heapBytes / aims.heapBytes)

const credentialOf = (credential: Ids.Credential): Readonly<Record<string, string>> =>
  credential in Ids.secrets
    ? { "x-api-key": Ids.secrets[credential as keyof typeof Ids.secrets] }
    : { "x-session": Ids.tokenOf(credential as keyof typeof Ids.people) }

const texts = (all: Readonly<Record<string, Template.Text>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(all).map(([name, text]) => [name, Template.textOf(text)]))

/** The bytes of a recipe. */
const sentOf = ({ body, credential, headers, method, path, query }: Recipe): Server.Sent => {
  const search = new URLSearchParams(texts(query)).toString()
  const given = body === undefined ? undefined : Template.bytesOf(body)
  return {
    method,
    path: search === "" ? path : `${path}?${search}`,
    headers: {
      ...texts(headers),
      ...(credential !== undefined && credentialOf(credential)),
      ...(given !== undefined && { "content-type": given.type }),
    },
    ...(given !== undefined && { body: given.bytes }),
  }
}

/** Measures recipes, one after the other. */
export interface Runner {
  readonly measure: (recipe: Recipe, times: number) => Promise<Server.Cost>
  readonly stop: () => Promise<void>
}

/** Makes the ledger, in a folder that is removed at the end, and starts a server on it. */
export const open = async (): Promise<Runner> => {
  const folder = mkdtempSync(join(tmpdir(), "assent-worst-"))
  const path = join(folder, "ledger.db")
  await Ledger.makeAt(path)
  const start = () => Server.start(`sqlite:${path}`, folder)
  let server = await start()
  return {
    measure: async (recipe, times) => {
      if (!server.isRunning()) server = await start()
      return server.measure(sentOf(recipe), times)
    },
    stop: async () => {
      await server.stop()
      rmSync(folder, { recursive: true })
    },
  }
}
