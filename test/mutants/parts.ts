/** All parts of the code that have mutants, by the name that `npm run mutants -- <part>` takes. */
import { access } from "./access.ts"
import { catalog } from "./catalog.ts"
import { client } from "./client.ts"
import { embed } from "./embed.ts"
import { engine } from "./engine.ts"
import { erasure } from "./erasure.ts"
import { files } from "./files.ts"
import { formats } from "./formats.ts"
import { front } from "./front.ts"
import { http } from "./http.ts"
import { identifiers } from "./identifiers.ts"
import { integrity } from "./integrity.ts"
import { keys } from "./keys.ts"
import { ledger } from "./ledger.ts"
import { memory } from "./memory.ts"
import type { Part } from "./Mutant.ts"
import { model } from "./model.ts"
import { people } from "./people.ts"
import { personal } from "./personal.ts"
import { postgres } from "./postgres.ts"
import { resolution } from "./resolution.ts"
import { simulation } from "./simulation.ts"
import { sqlite } from "./sqlite.ts"
import { start } from "./start.ts"
import { transfer } from "./transfer.ts"
import { upgrade } from "./upgrade.ts"

export const parts: Readonly<Record<string, Part>> = {
  engine,
  model,
  resolution,
  identifiers,
  formats,
  files,
  simulation,
  ledger,
  keys,
  people,
  personal,
  erasure,
  access,
  catalog,
  transfer,
  upgrade,
  integrity,
  http,
  front,
  start,
  client,
  embed,
  memory,
  sqlite,
  postgres,
}
