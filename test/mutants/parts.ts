/** All parts of the code that have mutants, by the name that `npm run mutants -- <part>` takes. */
import { access } from "./access.ts"
import { accessPackage } from "./accessPackage.ts"
import { browser } from "./browser.ts"
import { catalog } from "./catalog.ts"
import { client } from "./client.ts"
import { compliance } from "./compliance.ts"
import { complianceAnswers } from "./complianceAnswers.ts"
import { complianceRequests } from "./complianceRequests.ts"
import { complianceHttp } from "./complianceHttp.ts"
import { due } from "./due.ts"
import { dataSystems } from "./dataSystems.ts"
import { embed } from "./embed.ts"
import { engine } from "./engine.ts"
import { erasure } from "./erasure.ts"
import { feed } from "./feed.ts"
import { files } from "./files.ts"
import { formats } from "./formats.ts"
import { front } from "./front.ts"
import { heldErasures } from "./heldErasures.ts"
import { http } from "./http.ts"
import { identifiers } from "./identifiers.ts"
import { integrity } from "./integrity.ts"
import { keys } from "./keys.ts"
import { languages } from "./languages.ts"
import { ledger } from "./ledger.ts"
import { mail } from "./mail.ts"
import { mailSetup } from "./mailSetup.ts"
import { mailWords } from "./mailWords.ts"
import { memory } from "./memory.ts"
import type { Part } from "./Mutant.ts"
import { metrics } from "./metrics.ts"
import { model } from "./model.ts"
import { outbound } from "./outbound.ts"
import { people } from "./people.ts"
import { personal } from "./personal.ts"
import { processingRecords } from "./processingRecords.ts"
import { postgres } from "./postgres.ts"
import { publishing } from "./publishing.ts"
import { reading } from "./reading.ts"
import { regions } from "./regions.ts"
import { requestFiles } from "./requestFiles.ts"
import { resolution } from "./resolution.ts"
import { scheduler } from "./scheduler.ts"
import { shownTexts } from "./shownTexts.ts"
import { simulation } from "./simulation.ts"
import { smallCells } from "./smallCells.ts"
import { sqlite } from "./sqlite.ts"
import { start } from "./start.ts"
import { tasks } from "./tasks.ts"
import { transfer } from "./transfer.ts"
import { upgrade } from "./upgrade.ts"
import { verification } from "./verification.ts"
import { webhooks } from "./webhooks.ts"
import { trackers } from "./trackers.ts"

export const parts: Readonly<Record<string, Part>> = {
  engine,
  browser,
  compliance,
  complianceRequests,
  verification,
  complianceAnswers,
  complianceHttp,
  regions,
  trackers,
  requestFiles,
  publishing,
  metrics,
  shownTexts,
  smallCells,
  model,
  resolution,
  identifiers,
  formats,
  feed,
  files,
  simulation,
  languages,
  ledger,
  reading,
  scheduler,
  keys,
  mail,
  mailSetup,
  mailWords,
  tasks,
  people,
  personal,
  processingRecords,
  erasure,
  access,
  accessPackage,
  catalog,
  dataSystems,
  transfer,
  upgrade,
  integrity,
  heldErasures,
  http,
  front,
  start,
  client,
  due,
  embed,
  outbound,
  webhooks,
  memory,
  sqlite,
  postgres,
}
