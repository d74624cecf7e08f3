/**
 * One-line changes, each of which breaks a law: a law counts only if its mutants do not survive.
 *
 * `killedBy` holds the first words of the tests that fail under the mutant; `mutate.ts` tries them all.
 */
export interface Mutant {
  /** Where the file is, and with it, which tests are tried. Default `core`. */
  readonly part?: Part
  readonly file: string
  /** Occurs exactly once in the file. */
  readonly find: string
  readonly replace: string
  readonly killedBy: ReadonlyArray<string>
}

/** The parts that have mutants, each with the options that run its tests and nothing else. */
export const parts = {
  core: [
    ...["laws", "core", "http", "faults"].map((project) => `--project=${project}`),
    ...["test/laws", "test/core", "test/http/retries.test.ts", "test/faults/interleavings.test.ts"],
  ],
  "core/ledger": [
    "--project=http",
    "--project=faults",
    "test/faults/interleavings.test.ts",
    ...["apiKeys", "organizations", "owners", "roles", "catalogLists"].map((name) => `test/http/${name}.test.ts`),
    ...["versions", "versionRaces", "typeLife", "eventLists", "cursors"].map((name) => `test/http/${name}.test.ts`),
    "test/http/externalId.test.ts",
    "test/http/known.test.ts",
    "--project=faults",
    "test/faults/verified.test.ts",
    "test/faults/moved.test.ts",
    "test/faults/replica.test.ts",
    ...["--project=contract", "test/contract/exporting.test.ts"],
  ],
  "adapters/http/server": [
    "--project=http",
    ...[
      "apiKeys",
      "rateLimits",
      "roles",
      "tokenBuckets",
      "concurrencyLimit",
      "refusedConnections",
      "typeLife",
      "idempotencyKeys",
      "identityToken",
      "identify",
      "attacks",
      "agreement",
      "random",
    ].map((name) => `test/http/${name}.test.ts`),
    ...["--project=faults", "test/faults/replica.test.ts"],
  ],
  "adapters/sqlite": [
    ...["--project=http", "test/http/eventLists.test.ts", "test/http/cursors.test.ts"],
    ...["--project=contract", "test/contract/contract.test.ts"],
    ...["--project=faults", "test/faults/sync.test.ts", "test/faults/disk.test.ts"],
  ],
  "adapters/postgres": [
    ...["hostile", "postgres", "contract"].map((name) => `test/contract/${name}.test.ts`),
    "--project=contract",
    ...["--project=faults", "test/faults/sync.test.ts", "test/faults/away.test.ts"],
  ],
  "adapters/memory": [
    ...["--project=faults", "test/faults/interleavings.test.ts"],
    ...["--project=contract", "test/contract/contract.test.ts"],
  ],
  "adapters/http": ["--project=faults", "test/faults/away.test.ts"],
  "adapters/http/client": ["--project=http", "test/http/client.test.ts"],
} as const

export type Part = keyof typeof parts

const anyOrder = "Any permutation and any duplication"
const batches = "Incremental = batch"
const permitted = "`permitted` implies a live `accepted` event"
const decline = "Adding a decline never makes anything more permitted"
const time = "Time alone never grants"
const constant = "The answer is constant on [`at`, `nextChangeAt`)"
const stricter = "Shorter `maxAge`, an earlier `expirationDate`"
const asOf = "Reading as of (`at`, `knownAt`)"
const oracle = "give the same answers, explanations and changes"
const oracleRules = "lay the same rules over each other"
const oracleVersion = "take a version that was left out"
const whatIf = "A what-if with the rules in force is empty"
const stretches = "The stretches of a what-if cover its window"
const columns = "A fold over columns writes the lines and the totals"
const rows = "Rows put in order are the columns"
const addedUp = "Folds of disjoint people, added up"
const steps = "The steps of a window begin where the calendar says"
const calendar = "is the one that Temporal finds"
const undoing = "Join then undo gives back both people's answers"
const oneWhile = "People are one exactly while the joins between them stand"
const acknowledged = "A join or an undoing that was acknowledged"
const forgetsNothing = "grants what one that forgets nothing grants"
const waits = "grants one more to whom waits as told"
const overLimit = "over its limit records nothing, and does not last longer"
const recordEvents = "POST /privacy-v1/organizations/:organizationId/projects/:projectId/consent-events is for"
const visitorsState = "GET /site-v1/:projectId/consent-state is 401 without one"
const ownProjects = "has permissions in its own organization's projects only"
const atOnce = "that is revoked opens nothing from the next request on"
const lastOwner = "cannot be made to expire"
const listsReadable = "lists the projects it may read"
const together = "is set up by as many requests as come at a time"
const cursorsHold = "does not skip or repeat what was there"
const cursorsAreBound = "is good for its list, its order and its key only"

const otherBody = "with a key that was used for another body is 422"
const otherCredential = "with the same key of another credential is another request"
const forgotten = "createApiKey sent again when it has been forgotten"
const passedOver = "is passed over by GET, PATCH and DELETE: not well formed"
const guessable = '"guessable" is 400 for a session'

const agreement = "Library, command line and HTTP give the same answer"
const oneOrder = "Whatever is interleaved, lost and killed"
const asModel = "A sequence of requests is answered as the ledger in memory"

const inBlocks = "Rows in blocks are recorded, refused and answered about"
const slowBlocks = `${inBlocks} as requests with one item each, one after the other (slow memory)`
const plannedAgain = "A block that has to be planned again"
const killedImport = "Whenever an import is killed"
const reasonGone = "A row that was refused is recorded once its reason is gone"
const completed = "With a mapping that was completed"
const putRight = "With a mapping that was put right"

const oneKey = "is one random UUID for all tries of a POST"
const anotherKey = "differs from call to call"
const ownKey = "is the caller's own where one is given"

/** Mutants that only show when requests are interleaved, lost and sent again. */
const interleaved = (
  part: "core" | "core/ledger" | "adapters/memory",
  file: string,
  find: string,
  replace: string,
) => ({
  part,
  file,
  find,
  replace,
  killedBy: [oneOrder],
})

/** Mutants of the PostgreSQL adapter. */
const postgres = (file: string, find: string, replace: string, ...killedBy: ReadonlyArray<string>): Mutant => ({
  part: "adapters/postgres",
  file,
  find,
  replace,
  killedBy,
})

const client = (
  file: "Client.ts" | "Retries.ts" | "Seen.ts",
  find: string,
  replace: string,
  ...killedBy: ReadonlyArray<string>
) => ({
  part: "adapters/http/client" as const,
  file,
  find,
  replace,
  killedBy,
})

export const mutants: ReadonlyArray<Mutant> = [
  // Rows in blocks
  {
    file: "ledger/Importing.ts",
    find: "return { idempotencyRecord, sending",
    replace: "return { sending",
    killedBy: [killedImport],
  },
  {
    file: "ledger/Importing.ts",
    find: "...(ahead !== undefined && { after: ahead })",
    replace: "",
    killedBy: [slowBlocks],
  },
  {
    file: "ledger/Importing.ts",
    find: "if (ahead === undefined) yield* awaitTurn",
    replace: "",
    killedBy: [plannedAgain],
  },
  {
    file: "ledger/Intake.ts",
    find: "isAsPlanned ? before.ahead : Effect.undefined",
    replace: "before.ahead",
    killedBy: [plannedAgain],
  },
  ...(
    [
      ["adapters/memory", "MemoryStore.ts", "isEarly || "],
      ["adapters/sqlite", "EventWriter.ts", "isEarly || "],
      ["adapters/postgres", "Append.ts", "Effect.map(areBehind(sql, requests), objectionUnless(stale)),"],
    ] as const
  ).map(([part, file, find]): Mutant => ({
    part,
    file,
    find,
    replace: "",
    killedBy: ["a request that comes after an event", "of requests that each come after"],
  })),
  {
    file: "ledger/Importing.ts",
    find: "    left = left.filter(([index]) => others.has(index))",
    replace: "    left = []",
    killedBy: [reasonGone],
  },
  {
    file: "ledger/Importing.ts",
    find: "    if ((yield* tagOf(same)) !== tag) continue",
    replace: "",
    killedBy: [putRight],
  },
  {
    file: "ledger/Importing.ts",
    find: "  return others.length === 0 ? violations : others",
    replace: "  return violations",
    killedBy: [inBlocks],
  },
  {
    file: "ledger/Importing.ts",
    find: "recorded.delete(outcome.events[place]!)",
    replace: "recorded.has(outcome.events[place]!)",
    killedBy: [inBlocks],
  },
  {
    file: "ledger/Intake.ts",
    find: "  const rows = block.map(({ text }) => text)",
    replace: "  const rows = shaped.map(({ value }) => JSON.stringify(value))",
    killedBy: [completed],
  },
  // What is answered over HTTP
  {
    part: "adapters/http/server",
    file: "Line.ts",
    find: "        length = cut\n",
    replace: "",
    killedBy: ["under ten times the load answers whom it lets in"],
  },
  {
    part: "adapters/http/server",
    file: "Line.ts",
    find: "window.millis <= window.count * alone * patience",
    replace: "window.count > 0",
    killedBy: ["under ten times the load answers whom it lets in"],
  },
  {
    part: "adapters/http/server",
    file: "Line.ts",
    find: "isQuick ? Math.min(longest, Math.ceil(length * 1.1)) :",
    replace: "isQuick ? length :",
    killedBy: ["under ten times the load lets in at least half"],
  },
  {
    part: "adapters/http/server",
    file: "Line.ts",
    find: "isCalm(now) ? longest : length",
    replace: "now < 0 ? longest : length",
    killedBy: ["is as long as ever once nobody had to be refused"],
  },
  {
    part: "adapters/http/server",
    file: "Turns.ts",
    find: "perTurn.most) : perTurn.least",
    replace: "perTurn.most) : queue.length",
    killedBy: ["a few of those that come again at once"],
  },
  {
    part: "adapters/http/server",
    file: "Turns.ts",
    find: "queue.push({ socket, since: now })",
    replace: "queue.splice(gone, 0, { socket, since: now })",
    killedBy: ["a few of those that come again at once"],
  },
  {
    part: "adapters/http/server",
    file: "Turns.ts",
    find: "inTurn.has(socket)",
    replace: "inTurn.has(socket) && queue.length < 0",
    killedBy: ["what waited for its turn is late"],
  },
  {
    part: "adapters/http/server",
    file: "Turns.ts",
    find: "    readNewest(now)\n",
    replace: "",
    killedBy: ["room is given to who was refused just now"],
  },
  {
    part: "adapters/http/server",
    file: "Questions.ts",
    find: "  ...(knownAt != null && { knownAt }),",
    replace: "",
    killedBy: [agreement, asModel],
  },
  {
    part: "adapters/http/server",
    file: "TypeJson.ts",
    find: "  ...(grace !== undefined && { grace: Period.format(grace) }),",
    replace: "",
    killedBy: [agreement, asModel],
  },
  {
    part: "adapters/http/server",
    file: "Questions.ts",
    find: "  ...(at != null && { at }),",
    replace: "",
    killedBy: [agreement, asModel],
  },

  // Order
  { file: "Order.ts", find: "return a.id > b.id", replace: "return false", killedBy: [anyOrder] },
  {
    file: "Order.ts",
    find: "if (a.consentDate !== b.consentDate) return a.consentDate > b.consentDate",
    replace: "",
    killedBy: [permitted, decline, oracle],
  },
  {
    file: "Order.ts",
    find: "return a.consentDate > b.consentDate",
    replace: "return a.consentDate < b.consentDate",
    killedBy: [permitted, decline],
  },
  {
    file: "Order.ts",
    find: "if (a.dateCreated !== b.dateCreated) return a.dateCreated > b.dateCreated",
    replace: "",
    killedBy: [oracle],
  },

  // Heads
  { file: "Heads.ts", find: "Order.isLater(b, a) ? b : a", replace: "true ? b : a", killedBy: [batches] },
  { file: "Heads.ts", find: "viewed: later(a.viewed, b.viewed)", replace: "viewed: a.viewed", killedBy: [batches] },
  {
    file: "Heads.ts",
    find: "head !== undefined && !Order.isLater(event, head)",
    replace: "false",
    killedBy: [batches],
  },
  {
    file: "Heads.ts",
    find: "head === undefined || Order.isLater(event, head)",
    replace: "head === undefined || event.consentDate >= head.consentDate",
    killedBy: [anyOrder, batches],
  },
  {
    file: "Heads.ts",
    find: "types.set(event.consentType, { ...empty, [event.consentState]: event })",
    replace: "types.set(event.consentType, { ...empty })",
    killedBy: [batches, oracleRules],
  },

  // Lapse
  { file: "Lapse.ts", find: "lapse.at <= at", replace: "lapse.at < at", killedBy: [permitted, constant] },
  { file: "Lapse.ts", find: "aged < recorded", replace: "aged > recorded", killedBy: [permitted, stricter] },
  { file: "Lapse.ts", find: "reacceptance.at < expires", replace: "reacceptance.at <= expires", killedBy: [oracle] },
  { file: "Lapse.ts", find: "version > event.version", replace: "version >= event.version", killedBy: [oracle] },
  {
    file: "Lapse.ts",
    find: "reacceptances.find(",
    replace: "reacceptances.findLast(",
    killedBy: [permitted, stricter],
  },
  {
    file: "Lapse.ts",
    find: 'event.consentState === "declined"',
    replace: 'event.consentState === "viewed"',
    killedBy: [permitted],
  },
  {
    file: "Lapse.ts",
    find: "(consentDuration === null ? undefined : Period.add(event.consentDate, consentDuration))",
    replace: "(consentDuration === null ? undefined : undefined)",
    killedBy: [permitted],
  },

  // Outcome
  {
    file: "Outcome.ts",
    find: "declined.consentDate >= accepted.consentDate",
    replace: "declined.consentDate > accepted.consentDate",
    killedBy: [permitted],
  },
  {
    file: "Outcome.ts",
    find: "choice === undefined || event.consentDate > choice.consentDate",
    replace: "choice === undefined || event.consentDate >= choice.consentDate",
    killedBy: [oracle],
  },
  {
    file: "Outcome.ts",
    find: "choice === undefined || event.consentDate > choice.consentDate",
    replace: "true",
    killedBy: [permitted],
  },
  {
    file: "Outcome.ts",
    find: 'if (choice?.consentState === "declined") return',
    replace: 'if (choice?.consentState === "declined" && isLive(choice)) return',
    killedBy: [time, stricter],
  },
  {
    file: "Outcome.ts",
    find: "isAfterChoice(implied) && isLive(implied)",
    replace: "isAfterChoice(implied)",
    killedBy: [oracle],
  },
  {
    file: "Outcome.ts",
    find: "permitted: false, askAgain: expiresAt",
    replace: 'permitted: terms.permits === "viewed", askAgain: expiresAt',
    killedBy: [permitted, decline],
  },
  {
    file: "Outcome.ts",
    find: "askAgain: expiresAt !== undefined && expiresAt <= at",
    replace: "askAgain: expiresAt !== undefined && expiresAt < at",
    killedBy: [constant],
  },
  {
    file: "Outcome.ts",
    find: 'implied: ["given", "implied"]',
    replace: 'implied: ["given", "implied", "requested"]',
    killedBy: [permitted],
  },
  {
    file: "Outcome.ts",
    find: "head.consentDate > deciding.consentDate",
    replace: "head.consentDate >= deciding.consentDate",
    killedBy: [permitted],
  },
  {
    file: "Outcome.ts",
    find: "if (head !== undefined && (deciding",
    replace: "if (head !== undefined && Lapse.at(head, terms, at) === undefined && (deciding",
    killedBy: [time, stricter],
  },
  { file: "Outcome.ts", find: "a.status === b.status && ", replace: "", killedBy: [constant] },
  { file: "Outcome.ts", find: "a.askAgain === b.askAgain && ", replace: "", killedBy: [constant] },
  { file: "Outcome.ts", find: " && a.event?.id === b.event?.id", replace: "", killedBy: [constant] },

  // Timeline and Decision
  {
    file: "Timeline.ts",
    find: "if (event.dateCreated > terms.knownAt) continue",
    replace: "",
    killedBy: [asOf],
  },
  {
    file: "Timeline.ts",
    find: "if (event.consentDate <= at) seen",
    replace: "if (event.consentDate < at) seen",
    killedBy: [permitted, constant],
  },
  { file: "Timeline.ts", find: "if (event.consentDate <= at) seen", replace: "if (true) seen", killedBy: [asOf] },
  { file: "Timeline.ts", find: "later.sort(Order.compare)", replace: "later", killedBy: [anyOrder, constant] },
  {
    file: "Timeline.ts",
    find: "Heads.add(heads, event)",
    replace: "Heads.add(moment.heads, event)",
    killedBy: [constant],
  },
  { file: "Timeline.ts", find: "lapse < first", replace: "lapse > first", killedBy: [constant] },
  { file: "Timeline.ts", find: "[heads.declined, heads", replace: "[heads", killedBy: [constant] },
  {
    file: "Decision.ts",
    find: "yield fromMoment(moment, terms, next?.at)",
    replace: "yield fromMoment(moment, terms, moment.at)",
    killedBy: [constant],
  },

  // Terms
  { file: "Terms.ts", find: "version.dateCreated <= knownAt", replace: "true", killedBy: [asOf] },
  { file: "Terms.ts", find: "a.at - b.at || ", replace: "", killedBy: [permitted, stricter] },
  { file: "Terms.ts", find: "|| a.version - b.version", replace: "|| b.version - a.version", killedBy: [oracle] },
  { file: "Terms.ts", find: "grace ?? Period.zero", replace: "Period.zero", killedBy: [oracle] },
  { file: "Terms.ts", find: 'rules.permits ?? "implied"', replace: '"viewed"', killedBy: [permitted] },
  { file: "Terms.ts", find: 'rules.recordedExpiration ?? "honor"', replace: '"ignore"', killedBy: [permitted] },

  // Period
  { file: "Period.ts", find: "Math.min(from.day, ", replace: "Math.max(from.day, ", killedBy: [calendar, oracle] },
  { file: "Period.ts", find: "dayOfMonth) + period.days", replace: "dayOfMonth)", killedBy: [calendar] },
  {
    file: "Period.ts",
    find: "Instant.clamp(shifted * 86_400_000 + time + period.millis)",
    replace: "shifted * 86_400_000 + time + period.millis",
    killedBy: [calendar],
  },

  // Because, Rules and ConsentType
  {
    file: "Because.ts",
    find: "event.consentDate <= choice.consentDate",
    replace: "event.consentDate < choice.consentDate",
    killedBy: [oracle],
  },
  {
    file: "Rules.ts",
    find: "{ ...base.maxAge, ...over.maxAge }",
    replace: "{ ...(over.maxAge ?? base.maxAge) }",
    killedBy: [oracleRules],
  },
  { file: "Rules.ts", find: "ruleSet.reduce(", replace: "ruleSet.reduceRight(", killedBy: [oracleRules] },
  { file: "Rules.ts", find: "match.label === type.label", replace: "true", killedBy: [oracleRules] },
  {
    file: "ConsentType.ts",
    find: "version.version > last.version",
    replace: "version.version < last.version",
    killedBy: [oracleVersion],
  },
  {
    file: "ConsentType.ts",
    find: "version.publishedAt > consentDate",
    replace: "version.publishedAt >= consentDate",
    killedBy: [oracleVersion],
  },

  // Simulation
  { file: "Simulation.ts", find: "before.status !== after.status || ", replace: "", killedBy: [whatIf] },
  { file: "Simulation.ts", find: "before.permitted !== after.permitted || ", replace: "", killedBy: [whatIf] },
  { file: "Simulation.ts", find: " || before.askAgain !== after.askAgain", replace: "", killedBy: [whatIf] },
  {
    file: "Simulation.ts",
    find: "if (!isDifferent(stretch.before.outcome, stretch.after.outcome)) continue",
    replace: "",
    killedBy: [whatIf],
  },
  {
    file: "Simulation.ts",
    find: "Timeline.start(after.events, after.terms, from)",
    replace: "Timeline.start(after.events, before.terms, from)",
    killedBy: [whatIf, stretches],
  },
  {
    file: "Simulation.ts",
    find: "after: explained(stretch.after, after, from)",
    replace: "after: explained(stretch.before, before, from)",
    killedBy: [whatIf],
  },
  {
    file: "Simulation.ts",
    find: "if (event.consentDate > at) break",
    replace: "break",
    killedBy: [whatIf],
  },
  {
    file: "Simulation.ts",
    find: "Math.min(leftNext?.at ?? until, rightNext?.at ?? until, until)",
    replace: "Math.min(leftNext?.at ?? until, rightNext?.at ?? until)",
    killedBy: [whatIf, stretches],
  },
  {
    file: "Simulation.ts",
    find: "if (rightNext?.at === at) {",
    replace: "if (rightNext !== undefined) {",
    killedBy: [whatIf, stretches],
  },
  { file: "Simulation.ts", find: "if (from >= until) return", replace: "", killedBy: [whatIf, stretches] },

  // Sweep, Tally, ColumnBuilder, WhatIf, Steps
  {
    file: "Sweep.ts",
    find: "consentDates[next]! <= at; next++",
    replace: "consentDates[next]! < at; next++",
    killedBy: [columns],
  },
  {
    file: "Sweep.ts",
    find: "dates[0]! >= choice",
    replace: "dates[0]! > choice",
    killedBy: [columns],
  },
  {
    file: "Sweep.ts",
    find: "if (lapses[1]! > at) return 1",
    replace: "if (lapses[1]! >= at) return 1",
    killedBy: [columns],
  },
  {
    file: "Sweep.ts",
    find: "dates[2]! > choice",
    replace: "dates[2]! >= choice",
    killedBy: [columns],
  },
  {
    file: "Sweep.ts",
    find: "Math.min(expires, age.to(date))",
    replace: "Math.max(expires, age.to(date))",
    killedBy: [columns],
  },
  {
    file: "Sweep.ts",
    find: "if (reacceptance.version <= version) continue",
    replace: "if (reacceptance.version < version) continue",
    killedBy: [columns],
  },
  { file: "Sweep.ts", find: "reacceptance.at < expires", replace: "reacceptance.at <= expires", killedBy: [columns] },
  {
    file: "Sweep.ts",
    find: "(this.expires[0]! <= at ? 1 : 0)",
    replace: "(this.expires[0]! < at ? 1 : 0)",
    killedBy: [columns],
  },
  { file: "Sweep.ts", find: "lapses[3]! > at && lapses[3]! < first", replace: "false", killedBy: [columns] },
  {
    file: "Sweep.ts",
    find: "dates[1]! > none ? withdrawn",
    replace: "dates[1]! > dates[0]! ? withdrawn",
    killedBy: [columns],
  },
  {
    file: "Sweep.ts",
    find: "code !== was || candidate !== is",
    replace: "candidate !== is",
    killedBy: [columns],
  },
  { file: "Tally.ts", find: "Reason.isPermitted(before) ? loses : gains", replace: "loses", killedBy: [columns] },
  {
    file: "Tally.ts",
    find: "this.pairFlags |= Reason.isAsked(after) && !Reason.isAsked(before)",
    replace: "this.pairFlags |= Reason.isAsked(after)",
    killedBy: [columns],
  },
  {
    file: "Tally.ts",
    find: "if (Reason.isAsked(after) && !Reason.isAsked(before)) this.totals",
    replace: "if (Reason.isAsked(after)) this.totals",
    killedBy: [columns],
  },
  {
    file: "Tally.ts",
    find: "Reason.isAsked(is) && !Reason.isAsked(was)",
    replace: "Reason.isAsked(is)",
    killedBy: [columns],
  },
  {
    file: "Tally.ts",
    find: "const step = Steps.before(this.steps, at)",
    replace: "const step = Steps.holding(this.steps, at)",
    killedBy: [columns],
  },
  { file: "Tally.ts", find: "if (this.lastPairs[transition] !== this.pair) {", replace: "{", killedBy: [columns] },
  { file: "Tally.ts", find: "this.personFlags = 0\n  }", replace: "}", killedBy: [columns] },
  { file: "Tally.ts", find: "addAll(into.askedAfter, more.askedAfter)", replace: "", killedBy: [addedUp] },
  { file: "Tally.ts", find: "into.changedPairs += more.changedPairs", replace: "", killedBy: [addedUp] },
  {
    file: "ColumnBuilder.ts",
    find: "if (event.dateCreated > this.knownAt) continue",
    replace: "",
    killedBy: [columns],
  },
  {
    file: "ColumnBuilder.ts",
    find: "if (a.dateCreated !== b.dateCreated) return a.dateCreated - b.dateCreated",
    replace: "",
    killedBy: [columns],
  },
  {
    file: "ColumnBuilder.ts",
    find: "left < right ? -1 : left > right ? 1 : b.state - a.state",
    replace: "b.state - a.state",
    killedBy: [columns],
  },
  { file: "Rows.ts", find: "rows.datesCreated[a]! - rows.datesCreated[b]! ||", replace: "", killedBy: [rows] },
  { file: "Rows.ts", find: "Uuid.compare(rows.ids, a, b) ||", replace: "", killedBy: [rows] },
  {
    file: "Rows.ts",
    find: "else if (last >= 0 && compare(rows, last, row) === 0) continue",
    replace: "",
    killedBy: [rows],
  },
  { file: "Rows.ts", find: "if (rows.datesCreated[row]! > knownAt) continue", replace: "", killedBy: [rows] },
  { file: "Uuid.ts", find: "if (difference !== 0) return difference", replace: "return difference", killedBy: [rows] },
  { file: "WhatIf.ts", find: "after: isSame(is, would) ? is : would", replace: "after: is", killedBy: [columns] },
  {
    file: "Steps.ts",
    find: "Math.ceil((at - window.from) / millis)",
    replace: "Math.floor((at - window.from) / millis)",
    killedBy: [steps],
  },
  { file: "Steps.ts", find: "starts[middle]! < at", replace: "starts[middle]! <= at", killedBy: [steps] },

  // People
  { file: "People.ts", find: "!undone.has(id)", replace: "true", killedBy: [undoing, oneWhile] },
  {
    file: "People.ts",
    find: "if (join.survivor === member) members.add(join.member)",
    replace: "",
    killedBy: [oneWhile],
  },
  {
    file: "ledger/Reading.ts",
    find: "Math.min(question.knownAt ?? learnt, learnt)",
    replace: "Math.min(question.knownAt ?? now, now)",
    killedBy: [acknowledged],
  },
  {
    file: "ledger/Reading.ts",
    find: "store.heads(project, members)",
    replace: "store.heads(project, members.slice(0, 1))",
    killedBy: ["The state of joined people is the merge of their states, as of"],
  },
  {
    part: "adapters/http/server",
    file: "Identifications.ts",
    find: 'claimed.token.slice(0, claimed.token.lastIndexOf("."))',
    replace: "claimed.token",
    killedBy: ["with its signature's twin it is 401"],
  },
  {
    part: "adapters/http/server",
    file: "Identifications.ts",
    find: " || named.value.hash !== alias.value.hash",
    replace: "",
    killedBy: ["the sub of somebody else"],
  },
  {
    part: "adapters/http/server",
    file: "Access.ts",
    find: 'endpoint.identifier === "identify"',
    replace: 'endpoint.name === "identify"',
    killedBy: ["gives the first answer byte for byte"],
  },
  {
    part: "adapters/http/server",
    file: "SiteRoutes.ts",
    find: "members.includes(event.concordId)",
    replace: "members.length > 0",
    killedBy: ["by the ids of its events"],
  },

  // Rate limits
  {
    part: "adapters/http/server",
    file: "TokenBuckets.ts",
    find: "recent.get(id) ?? older.get(id)",
    replace: "recent.get(id)",
    killedBy: [forgetsNothing],
  },
  {
    part: "adapters/http/server",
    file: "TokenBuckets.ts",
    find: "Math.ceil((windowMillis - (level % windowMillis)) / quota)",
    replace: "Math.floor((windowMillis - (level % windowMillis)) / quota)",
    killedBy: [waits],
  },
  {
    part: "adapters/http/server",
    file: "RateLimit.ts",
    find: "if (isGranted) return",
    replace: 'if (isGranted || policy === "session") return',
    killedBy: [overLimit],
  },

  // Who may what
  {
    part: "adapters/http/server",
    file: "Access.ts",
    find: "Role.roleIn(key, site?.project.id)",
    replace: "key.role",
    killedBy: [recordEvents],
  },
  {
    part: "adapters/http/server",
    file: "Access.ts",
    find: "site.organization.id === key.organization ?",
    replace: "true ?",
    killedBy: [recordEvents],
  },
  {
    part: "adapters/http/server",
    file: "Access.ts",
    find: "organizationId !== undefined && organizationId.toLowerCase() !== key.organization",
    replace: "false",
    killedBy: [recordEvents],
  },
  {
    part: "adapters/http/server",
    file: "OrganizationRoutes.ts",
    find: 'Role.may(Role.roleIn(key, project.id), "read")',
    replace: "true",
    killedBy: [listsReadable],
  },
  {
    part: "core/ledger",
    file: "Sessions.ts",
    find: "session === undefined || session.project !== project.id ||",
    replace: "session === undefined ||",
    killedBy: [visitorsState],
  },

  // What is set up
  {
    part: "core/ledger",
    file: "ApiKeys.ts",
    find: "catalog.projects.get(id)?.organization !== organization.id",
    replace: "!catalog.projects.has(id)",
    killedBy: [ownProjects],
  },
  { part: "core/ledger", file: "ApiKeys.ts", find: ", revokedAt: now", replace: "", killedBy: [atOnce] },
  {
    part: "core/ledger",
    file: "ApiKeys.ts",
    find: " && value.expiresAt === undefined && value.revokedAt === undefined",
    replace: " && value.revokedAt === undefined",
    killedBy: [lastOwner],
  },
  {
    part: "core/ledger",
    file: "ApiKeys.ts",
    find: 'key.role === "owner" && key.expiresAt === undefined',
    replace: 'key.role === "owner"',
    killedBy: [lastOwner],
  },
  {
    part: "core/ledger",
    file: "Configuring.ts",
    find: "turn.withPermit(keep(first))",
    replace: "keep(first)",
    killedBy: [together],
  },
  {
    part: "core/ledger",
    file: "Listing.ts",
    find: "const bound = [purpose, sort, order]",
    replace: "const bound = [sort, order]",
    killedBy: [cursorsAreBound],
  },
  {
    part: "core/ledger",
    file: "Listing.ts",
    find: "a[0] === b[0] ? a[1] < b[1] : a[0] < b[0]",
    replace: "a[0] < b[0]",
    killedBy: [cursorsHold],
  },

  // Consent types and their versions
  {
    part: "core/ledger",
    file: "ConsentTypes.ts",
    find: "const from = versionInForce(type, change.publishedAt ?? now)",
    replace: "const from = type.versions.at(-1)!",
    killedBy: ["is published neither early nor never by a correction"],
  },
  {
    part: "core/ledger",
    file: "ConsentTypes.ts",
    find: ", ...published.flatMap((version) => plannedAgain(type, version))",
    replace: "",
    killedBy: ["lets also those lapse who answered a correction", "Of any corrections and plans"],
  },
  {
    part: "core/ledger",
    file: "ConsentTypes.ts",
    find: "yield* means.horizon.reach(id, Instant.min)",
    replace: "",
    killedBy: ["deleted while it is answered for the first time"],
  },
  {
    part: "core/ledger",
    file: "Configuring.ts",
    find: "projectId === undefined ? [] : [projectId]",
    replace: "[]",
    killedBy: ["also where versions are published at the same moment"],
  },
  {
    part: "adapters/http/server",
    file: "SiteRoutes.ts",
    find: '{ ...query, status: "active" }',
    replace: "query",
    killedBy: ["a page is shown the active types only"],
  },
  // Lists and cursors
  {
    part: "core/ledger",
    file: "Cursor.ts",
    find: "if (encode(mac, text) !== cursor) return undefined",
    replace: "",
    killedBy: ["altered at any character"],
  },
  {
    part: "core/ledger",
    file: "Listing.ts",
    find: "project.id, asker, sort, order, asked",
    replace: "project.id, sort, order, asked",
    killedBy: ["of another filter, sort, order, key", "of another session"],
  },
  {
    part: "adapters/sqlite",
    file: "Listing.ts",
    find: "place?.bounds ?? boundsOf(project)",
    replace: "boundsOf(project)",
    killedBy: ["neither skip nor repeat while 8 writers append"],
  },
  {
    part: "adapters/sqlite",
    file: "Listing.ts",
    find: "e.consent_date < ?",
    replace: "e.consent_date <= ?",
    killedBy: ["takes startDate in and leaves endDate out", "under any filter holds exactly"],
  },
  // What fails, and what is on the disk
  {
    part: "adapters/sqlite",
    file: "Tables.ts",
    find: "PRAGMA synchronous = FULL",
    replace: "PRAGMA synchronous = NORMAL",
    killedBy: ["was synced before, and so were the folder"],
  },
  {
    part: "adapters/sqlite",
    file: "Tables.ts",
    find: "  sync(dirname(folder))\n",
    replace: "",
    killedBy: ["was synced before, and so were the folder"],
  },
  {
    part: "adapters/sqlite",
    file: "Writer.ts",
    find: "performance.now() + pauseMillis",
    replace: "Infinity",
    killedBy: ["a disk that is full takes no writes", "at each sync takes no writes", "now and then loses nothing"],
  },
  {
    part: "adapters/sqlite",
    file: "GroupCommit.ts",
    find: "if (isOverdue(each)) each.answer(overdue)",
    replace: "",
    killedBy: ["makes nobody wait for longer than the limit, holds up no reads"],
  },
  {
    part: "adapters/postgres",
    file: "Sql.ts",
    find: 'synchronous_commit: "on"',
    replace: 'synchronous_commit: "off"',
    killedBy: ["was synced before by the server"],
  },
  {
    part: "adapters/postgres",
    file: "Away.ts",
    find: 'error === overdue || operation === "connect"',
    replace: "error === overdue",
    killedBy: ["a database that is shut down, and one that is killed"],
  },
  {
    part: "adapters/http",
    file: "server/Bound.ts",
    find: "const limitMillis = 15_000",
    replace: "const limitMillis = 150_000",
    killedBy: ["a database that is slow is waited for"],
  },
  // External ids
  {
    part: "core/ledger",
    file: "Recording.ts",
    find: '(firsts.get(hashes.get(item) ?? "") ?? item) === item',
    replace: "true",
    killedBy: ["inside one batch is recorded once"],
  },
  {
    part: "core/ledger",
    file: "Recording.ts",
    find: "const { numbered } = yield* sortOut(request, means)",
    replace: "const numbered = request.items.map((draft, item) => ({ draft, item }))",
    killedBy: ["beside an item that breaks a rule"],
  },
  // Requests that come again
  { file: "ledger/Requests.ts", find: "known.digest === wanted.digest", replace: "true", killedBy: [otherBody] },
  { file: "ledger/Requests.ts", find: "`${scope}\\0${key}`)", replace: "key)", killedBy: [otherCredential] },
  { file: "ledger/Secrets.ts", find: ", id].join", replace: "].join", killedBy: [forgotten] },
  {
    part: "adapters/http/server",
    file: "Retried.ts",
    find: ' || method !== "POST"',
    replace: "",
    killedBy: [passedOver],
  },
  {
    part: "adapters/http/server",
    file: "OpenRoutes.ts",
    find: "!randomUuid.test(idempotency.key)",
    replace: "false",
    killedBy: [guessable],
  },

  // Whom an identifier named when
  {
    part: "core/ledger",
    file: "Reading.ts",
    find: "if (knownAt !== undefined && named.dateCreated > knownAt) return",
    replace: "if (false) return",
    killedBy: ["an answer about somebody nobody knew stays so, though the identifier names a guest"],
  },
  {
    part: "core/ledger",
    file: "Identifying.ts",
    find: "const ends = { at: yield* Clock.currentTimeMillis, sessionsOf: survivor }",
    replace: "const ends = { at: yield* Clock.currentTimeMillis }",
    killedBy: ["a browser that was wrongly joined is the other person no longer"],
  },
  {
    part: "core/ledger",
    file: "Identifying.ts",
    find: "if ((yield* named(request, means)) !== person)",
    replace: "if (false)",
    killedBy: [
      "an identifier that is taken from a person while a visitor proves it opens that person's session to nobody",
    ],
  },
  // Checking and moving a ledger
  ...(
    [
      ["LogCheck.ts", "if (actual !== row.digest)", "if (false)", "finds and names a change of digest in event"],
      ["LogCheck.ts", "Lane.of(project, row.person) !== row.lane", "false", "finds an event that is there again"],
      ["LogCheck.ts", "row.recorded_at < reading.recordedAt", "false", "finds positions that were swapped"],
      ["HeadCheck.ts", "if (wrong.length > 0)", "if (false)", "finds and names a change of event_id in head"],
      ["LookupCheck.ts", "if (!isThere)", "if (false)", "finds and names a change of position in external_id"],
      ["SetupCheck.ts", "if (!isNext && !isFirst)", "if (false)", "finds a change of what is set up that is gone"],
      ["Moving.ts", "row.digest === actual", "true", "from a ledger that lacks an event"],
      ["Moving.ts", "yield* expectWhole(heads, given)", "", "from a ledger that lacks an event"],
      ["Moving.ts", "yield* expectSame(given, kept)", "", "where the target keeps something else"],
      ["Moving.ts", "yield* expectStill(from, given, digest)", "", "where the source is written to meanwhile"],
    ] as const
  ).map(([file, find, replace, by]) => ({ part: "core/ledger" as const, file, find, replace, killedBy: [by] })),

  // Whatever is interleaved: a request carried out twice
  interleaved(
    "adapters/memory",
    "MemoryStore.ts",
    "    log.append(project, events)\n    idempotencyRecords.keep(organization, idempotencyRecord)\n",
    "    log.append(project, events)\n",
  ),
  interleaved(
    "adapters/memory",
    "MemoryStore.ts",
    'if (idempotencyRecords.has(organization, idempotencyRecord)) return { _tag: "Repeated" }',
    "",
  ),
  interleaved("adapters/memory", "MemoryStore.ts", "|| log.hasAny(project, events)", ""),
  // A head that is not raised, a `dateCreated` that goes back, an alias that names two people
  interleaved("adapters/memory", "MemoryStore.ts", "return ofType.filter(isHead)", "return ofType.slice(0, 1)"),
  interleaved("adapters/memory", "Log.ts", "at !== undefined && at > dateCreated ? [at] : []", "[]"),
  interleaved("adapters/memory", "People.ts", "isStale || !claims", "!claims"),
  interleaved(
    "adapters/memory",
    "People.ts",
    "if (proof !== undefined && proofs.has(proof.hash)) return",
    "if (false) return",
  ),
  interleaved(
    "core",
    "Heads.ts",
    "head === undefined || Order.isLater(event, head)) heads",
    "head === undefined) heads",
  ),
  // A question answered before what it waits for, or a change that comes to stand behind the answer
  interleaved("core/ledger", "Horizon.ts", "return settled(id)", "return Effect.void"),
  interleaved("core/ledger", "Horizon.ts", "if (answeredAt >= recordedAt)", "if (answeredAt > recordedAt)"),
  interleaved("core/ledger", "Reading.ts", "question.knownAt !== undefined || knownAt <= now", "true"),
  interleaved(
    "core/ledger",
    "Reading.ts",
    "head.dateCreated), Math.max(learnt, listed.learnt))",
    "head.dateCreated), learnt)",
  ),
  interleaved(
    "core/ledger",
    "Recording.ts",
    "for (const { concordId, consentType } of recorded) ids.add(concordId).add(consentType)",
    "",
  ),
  // A join undone twice, a version that is older than the one before, a "no" that is refused
  interleaved(
    "core/ledger",
    "Identifying.ts",
    "if (known.some((fact) => fact.join === joinId))",
    "if (facts.some((fact) => fact.join === joinId))",
  ),
  interleaved("core/ledger", "Configuring.ts", "Math.max(earliest, learnt, yield*", "Math.max(earliest, yield*"),
  interleaved("core", "Admission.ts", 'if (draft.consentState === "declined") return []', ""),
  // The client
  client(
    "Retries.ts",
    "once(send, request, timeoutMillis)",
    "once(Effect.suspend(() => client.execute(HttpClientRequest.setHeader(request, keyHeader, SecureRandom.uuidV4Unsafe()))), request, timeoutMillis)",
    oneKey,
  ),
  client("Retries.ts", "given ?? SecureRandom.uuidV4Unsafe()", 'given ?? "one"', anotherKey),
  client("Retries.ts", 'request.method !== "POST" || ', "", "is not sent where it means nothing"),
  client("Retries.ts", "request.headers[keyHeader] !== undefined", "given !== undefined", ownKey),
  client("Retries.ts", '"DELETE", "POST"', '"DELETE", "POST", "PATCH"', "with PATCH as HTTP allows"),
  client("Retries.ts", "[429, 502, 503, 504]", "[429, 500, 502, 503, 504]", "never after 500"),
  client("Retries.ts", 'code === "idempotency_key_in_flight"', "true", "never after 409"),
  client("Retries.ts", "response.status === 409\n", "response.status === 410\n", "after 409 while the same key"),
  client("Retries.ts", 'reason._tag === "TransportError" || ', "", "after no answer, "),
  client("Retries.ts", "Effect.tap(send, readWhole)", "send", "after half an answer"),
  client("Retries.ts", "Math.max(asked, ", "Math.max(0, ", "after 429 not before Retry-After"),
  client("Retries.ts", "asked > limits.maxWaitMillis", "false", "not at all where the server asks"),
  client("Retries.ts", " || tries >= limits.tries", "", "until there were 2 tries"),
  client("Retries.ts", "2 ** (tries - 1)", "1", "after waits that double"),
  client("Retries.ts", "(0.5 + random / 2)", "1", "after waits that double"),
  client("Client.ts", 'redirect: "manual"', 'redirect: "follow"', "are not taken along by a redirect"),
  client(
    "Client.ts",
    "request.headers[apiKeyHeader] === undefined",
    "false",
    "of a page come without the trace headers",
  ),
  client("Client.ts", "sending(sessionHeader, ", "sending(apiKeyHeader, ", "go to the endpoints that ask"),
  client(
    "Seen.ts",
    "Math.max(Number(position), positions.get(lane!) ?? 0)",
    "Number(position)",
    "that answers have told",
  ),
  client("Seen.ts", "(url)?.[1] ??", "(url)?.[2] ??", "that answers have told"),

  // Exports taken back
  {
    part: "core/ledger",
    file: "Restoring.ts",
    find: 'event.consentState !== "declined" && ',
    replace: "",
    killedBy: ["taken back into an empty ledger"],
  },

  // Dry runs
  ...(
    [
      ["found ?? below[index]", "below[index]"],
      ["found ?? below[index]", "found"],
      ["found === undefined ? store.idempotencyRecord(owner, hash)", "found === undefined ? Effect.succeed(found)"],
    ] as const
  ).map(([find, replace]): Mutant => ({
    file: "ledger/Rehearsal.ts",
    find,
    replace,
    killedBy: ["A dry run says what then"],
  })),

  // What answers have seen
  ...(
    [
      ["Reading.ts", "store.isReplica === true ? Instant.min : now", "now", "an answer of a replica that is behind"],
      [
        "Reading.ts",
        "Math.min(knownAt, known) : knownAt",
        "knownAt : knownAt",
        "an answer of a replica that is behind",
      ],
      ["Positions.ts", "?? Infinity) < position", "?? Infinity) < 0", "what was recorded is not unknown again"],
      ["Positions.ts", "lanes.length === 0 ? none", "lanes.length >= 0 ? none", "a join is not unseen again"],
      ["Positions.ts", "ofCatalog(yield* store.catalog), people", "people", "a new version is not unseen again"],
      ["Joins.ts", "person.facts.length === 0", "person.facts.length >= 0", "a join is not unseen again"],
      ["Reading.ts", "peopleEnds([Lane.of(organization, alias)])", "peopleEnds([])", "a join is not unseen again"],
      ["Reading.ts", "positions: PositionsOf.ofCatalog(catalog)", "positions: PositionsOf.none", "a new version"],
      ["Positions.ts", "spaced(25)", "spaced(2_000)", "a request that waits is answered"],
      ["Replica.ts", "  session: refuse,\n", "", "a replica is ready, and records nothing"],
      [
        "Replica.ts",
        "ready: Effect.asVoid(store.catalog)",
        "ready: store.ready",
        "a replica is ready, and records nothing",
      ],
    ] as const
  ).map(([file, find, replace, killer]): Mutant => ({ part: "core/ledger", file, find, replace, killedBy: [killer] })),
  postgres(
    "PostgresStore.ts",
    "positions: new Map(lanes.map(",
    "positions: new Map([].map(",
    "how far lanes go is told",
  ),
  postgres("PostgresStore.ts", "first?.next_position ?? 0", "0", "facts of a person are of the moment"),
  postgres("PeopleChange.ts", "people_head.next_position + 1", "1", "of many changes at the same time"),
  postgres(
    "PeopleChange.ts",
    "facts.length + releases.length > 0",
    "facts.length > 1",
    "a change of who is who is counted",
  ),
  ...(
    [
      ["Access.ts", "        key = yield* keyOf(secret)\n", "", "a new version is not unseen again"],
      ["Access.ts", 'endpoint.method === "GET" ||', "false ||", "a new version is not unseen again"],
      ["Positions.ts", "answer.headers[header] !== undefined", "answer.status >= 200", "a new version is not unseen"],
      ["Positions.ts", "isOld || ", "", "an answer that is given again"],
      ["PeopleRoutes.ts", "Positions.headers(positions)", "{}", "a join is not unseen again"],
    ] as const
  ).map(([file, find, replace, killer]): Mutant => ({
    part: "adapters/http/server",
    file,
    find,
    replace,
    killedBy: [killer],
  })),

  // PostgreSQL
  postgres("Append.ts", "requests.length === 1 && (yield* isRecorded(sql, first!))", "false", "append: cut-after"),
  postgres(
    "Append.ts",
    "isAgain && outcome._tag",
    "false && outcome._tag",
    "append of a idempotencyRecord alone: cut-answer",
  ),
  postgres("Pipelines.ts", "if (objection !== undefined) return objection", "", "keeps nothing where a step objects"),
  {
    part: "adapters/sqlite",
    file: "SqliteStore.ts",
    find: "read(() => inSnapshot(() => hashes.map((hash) => people.named(organization, hash))))",
    replace: "read(() => hashes.map((hash) => people.named(organization, hash)))",
    killedBy: ["aliases that are claimed together"],
  },
  postgres("Groups.ts", "writingTo(lane).every(({ isSent }) => isSent) && ", "", "are all kept, and none in vain"),
  postgres(
    "Append.ts",
    "objection !== undefined || !(yield* front)",
    "objection !== undefined",
    "are all kept, and none",
  ),
  postgres("Pipelines.ts", "error.reason instanceof Overdue", "false", "as a transaction has sent BEGIN"),
  postgres("Pipelines.ts", "COMMIT: 10_000", "COMMIT: 10_000_000", "as a transaction has sent COMMIT"),
  postgres(
    "Pipelines.ts",
    "[...exits.filter((each) => !isEcho(each)), ...exits.filter(isEcho)]",
    "exits",
    "is told what its first statement that failed",
  ),
  postgres("Lanes.ts", "v ORDER BY v.lane\n", "v ORDER BY random()\n", "never lock each other out: one request"),
  postgres("Lanes.ts", "v ORDER BY v.lane\n", "v\n", "never lock each other out: the requests of a group"),
  postgres(
    "Once.ts",
    "if (!(yield* mark(sql, Lane.of(owner, id), id)))",
    "if (id === '')",
    "a change of who is who: cut-after",
  ),
  postgres("Sql.ts", 'reason._tag === "SerializationError" || ', "", "configure: 40001"),
  postgres("Sql.ts", "57P\\d\\d|", "", "append: 57P01"),
  postgres("Sql.ts", "(isUnknown(error) || isCancelled(error))", "isUnknown(error)", "configure: 57014"),
]
