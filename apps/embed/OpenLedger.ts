/**
 * What `assent/open` takes and gives: plain values that JSON can hold, and promises.
 *
 * The types stand in one file, because they refer to each other and are the whole of what a program sees.
 */

import type { Evidence } from "../../core/browser/VisitAnswer.ts"
import type { ConsentAction, ConsentState } from "../../core/engine/ConsentState.ts"
import type { Rule, Status } from "../../core/engine/Outcome.ts"

export type { ConsentAction, ConsentState, Evidence, Status }

/**
 * Names a person by at least one identifier. With several, a question is answered by the decision that permits least.
 */
export interface Person {
  /** Any spelling: it is normalized, and only its keyed hash is kept. */
  readonly email?: string | undefined
  /** In international form, such as `+49 30 1234567`. Only its keyed hash is kept. */
  readonly phoneNumber?: string | undefined
  /** Your own id of the person's account, one for all projects of the organization. */
  readonly userId?: string | undefined
  /** Your own id of the person, in this project alone. */
  readonly projectUserId?: string | undefined
  /** The id that the ledger gave the person: a UUID. */
  readonly concordId?: string | undefined
}

/** Selects consent types: those that have all of the members given. */
export interface TypeMatch {
  /** The id of a consent type. */
  readonly consentType?: string | undefined
  readonly category?: Category | undefined
  readonly subcategory?: string | undefined
  readonly label?: string | undefined
}

/** One of the four categories of consent types. */
export type Category = "disclosure" | "communication" | "privacy_setting" | "custom"

/** An instant: an ISO 8601 date-time with an offset, such as `2026-02-28T12:00:00Z`, or a `Date`. */
export type Instant = string | Date

/** An answer of a person to a consent type, to record. The type is named by `consentType`, or by its three names. */
export interface Item extends Person, TypeMatch {
  readonly consentState: ConsentState
  readonly consentAction: ConsentAction
  /** When the person answered. Left out: now. */
  readonly consentDate?: Instant | undefined
  /** Whether `consentDate` may lie in January or February 1970, where other systems put unknown dates. */
  readonly allowEarly?: boolean | undefined
  /** When the answer stops counting, after `consentDate`. Left out: when the rules of its type say so. */
  readonly expirationDate?: Instant | undefined
  /** The version of the texts that was answered. Left out: the one in force at `consentDate`. */
  readonly version?: number | undefined
  /** The language of the text that was shown, a tag of BCP 47 such as `de`. Left out: it is not known. */
  readonly language?: string | undefined
  /** How the choice came about. It changes no answer. */
  readonly evidence?: Evidence | undefined
  /** Your own id of the event, 1 to 128 characters. The same event is not recorded again. */
  readonly externalId?: string | undefined
}

/** How items are recorded. */
export interface RecordOptions {
  /** 1 to 255 characters. The same items with the same key are recorded once, and answered again as the first time. */
  readonly idempotencyKey?: string | undefined
  /** Leaves out an email address or a phone number that names another person than the account, instead of refusing. */
  readonly sharedContacts?: "leave-out" | undefined
}

/** The id of a consent type and its three names. */
interface Triple {
  readonly consentType: string
  readonly category: Category
  readonly subcategory: string
  readonly label: string
}

/** An event as the ledger keeps it. Instants are ISO 8601 date-times in UTC. */
export interface Event extends Triple {
  readonly id: string
  readonly concordId: string
  readonly version: number
  /** The language of the text that was shown, if the event was given one. */
  readonly language?: string
  /** How the choice came about, if the event was given it. */
  readonly evidence?: Evidence
  readonly consentState: ConsentState
  readonly consentAction: ConsentAction
  readonly consentDate: string
  /** When the ledger recorded it. */
  readonly dateCreated: string
  readonly expirationDate?: string
  /** The `consentDate` that a refusal was given with, if it was ahead of the clock and was replaced. */
  readonly claimedConsentDate?: string
  /** The `expirationDate` that a refusal was given with, if it was not after its date and was left out. */
  readonly claimedExpirationDate?: string
  readonly organization: string
  readonly project: string
  readonly submitter: string
  readonly externalId?: string
  /** The visitor's session, for an event of a browser. */
  readonly session?: {
    readonly id: string
    readonly ipAddress?: string
    readonly domain: string
    readonly geography?: string
    readonly userAgent?: string
  }
  /** Personal data of the event are missing: the person was erased, or the keys cannot be used. */
  readonly erased?: true
}

/** An event that was recorded now, or before with the same `externalId` or idempotency key. */
export interface RecordedEvent extends Event {
  /** The members of a refusal that could not be read: it was recorded without them, because a refusal is never lost. */
  readonly leftOut?: ReadonlyArray<string>
  /** The events that a refusal was recorded with for the other people its identifiers name. */
  readonly alsoRecordedFor?: ReadonlyArray<{ readonly id: string; readonly concordId: string }>
}

/** Which instants and types a question is about. */
export interface Question {
  /** The instant asked about. Left out: now. */
  readonly at?: Instant | undefined
  /** Answers with what was known then. Left out: everything that is known now. */
  readonly knownAt?: Instant | undefined
  /** The types that match one of these. Left out: all types of the project. One that matches no type is refused. */
  readonly types?: ReadonlyArray<TypeMatch> | undefined
  /**
   * The id of the region whose rules count besides those of the types, as published at `knownAt`; `none`: of no region.
   * Left out: the region of the person's latest session in the project.
   */
  readonly region?: string | undefined
}

/** Why an event stopped counting. */
interface Lapse {
  readonly reason: "expired" | "invalidated"
  readonly at: string
  /** The version that must be accepted again. */
  readonly version?: number
}

/** An event that did not decide, and why. */
export interface LostEvent {
  readonly event: string
  readonly consentState: ConsentState
  readonly reason: string
  readonly at?: string
  readonly version?: number
}

/** The answer to a question about a person and a consent type, as a line of decisions.ndjson. */
export interface Decision extends Triple {
  /** Left out: the person is not known. */
  readonly concordId?: string
  readonly at: string
  /** Asked again with it and the same `at`, the answer is the same. */
  readonly knownAt: string
  /** The id of the region whose rules counted. Left out: only those of the type did. */
  readonly region?: string
  readonly status: Status
  /** Whether what the type asks for may be done. */
  readonly permitted: boolean
  /** Whether the person may be asked. */
  readonly askAgain: boolean
  /** The id of the event that decides; left out where none does. */
  readonly event?: string
  readonly version?: number
  /** The `consentDate` of the event that decides. */
  readonly since?: string
  readonly expiresAt?: string
  /** When the answer changes by itself, if nothing is recorded. */
  readonly nextChangeAt?: string
  /** Since when the identifier that was asked by names the person. */
  readonly namedSince?: string
  readonly because: { readonly rule: Rule; readonly lapse?: Lapse; readonly lost: ReadonlyArray<LostEvent> }
}

/** The answers in force. */
export interface State {
  /** The event of each type that decides. */
  readonly items: ReadonlyArray<Event>
  /** The first instant at which an answer changes by itself. */
  readonly nextChangeAt?: string
}

/** The identity of a person: the identifiers that name it, without their values, and the people it was joined with. */
export interface FoundPerson {
  /** Under which the person is answered. */
  readonly concordId: string
  /** Everyone that is counted as this person, itself too. */
  readonly members: ReadonlyArray<string>
  readonly identifiers: ReadonlyArray<{ readonly kind?: string; readonly since: string; readonly project?: string }>
}

/** What an answer was, or is. */
export interface ChangeSide {
  readonly status: Status
  readonly permitted: boolean
  readonly askAgain: boolean
  /** The id of the event that decides. */
  readonly event?: string
}

/** A change: an event, or something that happened without one. docs/http.md lists the types and their members. */
export interface Change {
  /** Unique in the ledger. The same change always has the same id. */
  readonly id: string
  /** Such as `consent.recorded` or `decision.changed`. */
  readonly type: string
  /** When the ledger learnt it. */
  readonly recordedAt: string
  /** Since when it is so. */
  readonly at: string
  /** The stored person that it is about. */
  readonly concordId?: string
  readonly consentType?: string
  /** Of `consent.recorded`. */
  readonly event?: string
  readonly consentState?: ConsentState
  readonly consentAction?: ConsentAction
  /** Of `decision.changed` and `decision.due`: the answer right before, and from then on. */
  readonly from?: ChangeSide
  readonly to?: ChangeSide
  readonly cause?: string
  /** With `include: "decision"`: the answer as of `recordedAt`. */
  readonly decision?: Decision
  readonly [member: string]: unknown
}

/** Changes, and where to go on after them. */
export interface ChangeBatch {
  readonly items: ReadonlyArray<Change>
  /** Keep it once you are done with the items: with it as `after`, reading goes on behind them. */
  readonly mark: string
  /** Nothing more was there. */
  readonly isCurrent: boolean
}

/** Which changes are read, and from where. */
export interface ChangeOptions {
  /** A mark, `start` or `now`. Default: `start`, before the first change. */
  readonly after?: string | undefined
  /** Types such as `decision.changed`, or all that begin alike, such as `decision.*`. Default: all. */
  readonly types?: ReadonlyArray<string> | undefined
  /** Ids of consent types. Default: all, and changes about none. */
  readonly consentTypes?: ReadonlyArray<string> | undefined
  /** Ids of stored people. Default: all, and changes about none. */
  readonly people?: ReadonlyArray<string> | undefined
  /** The most changes of a batch: 1 to 1000, with `include` to 100. */
  readonly limit?: number | undefined
  /** Adds the decision as of `recordedAt` to each change about a person and a type. */
  readonly include?: "decision" | undefined
  /** Whether it waits for further changes. Default: true; false ends once everything was read. */
  readonly isFollowing?: boolean | undefined
  /** Ends the reading. */
  readonly signal?: AbortSignal | undefined
}

/** A consent type of the project. Durations are ISO 8601, such as `P13M`. */
export interface ConsentType {
  readonly id: string
  readonly category: Category
  readonly subcategory: string
  readonly label: string
  readonly name: string
  readonly description: string
  readonly status: "active" | "archived" | "obsolete" | "test"
  readonly required: boolean
  readonly validStates: ReadonlyArray<ConsentState>
  /** The version in force now. */
  readonly version: number
  readonly consentDuration?: string
  readonly rules: Rules
}

/** How long answers last and which one decides: docs/semantics.md, section 4. Durations are ISO 8601. */
export interface Rules {
  readonly precedence?: "explicit-first" | "most-recent" | undefined
  readonly maxAge?: { readonly [State in ConsentState]?: string | null } | undefined
  readonly recordedExpiration?: "honor" | "ignore" | undefined
  readonly permits?: "accepted" | "implied" | "viewed" | undefined
}

/** A consent type to make, as types.json has it. */
export interface NewType {
  /** Kept if it is a UUID. Left out: a new one. */
  readonly id?: string | undefined
  readonly category: Category
  /** Of the category `custom` any; of the others one of those in docs/http.md. */
  readonly subcategory: string | readonly [string]
  /** Small letters, digits, `_` and `*`. */
  readonly label: string
  /** 5 to 100 characters that people are shown. Left out: the label. */
  readonly name?: string | undefined
  readonly description?: string | undefined
  readonly validStates?: ReadonlyArray<ConsentState> | undefined
  /** How long an answer lasts, such as `P13M`. Left out: for ever. */
  readonly consentDuration?: string | null | undefined
  readonly status?: "active" | "archived" | "obsolete" | "test" | undefined
  readonly required?: boolean | undefined
  readonly rules?: Rules | null | undefined
  /** Versions 1, 2 and so on, each published after the one before. Left out: version 1, from now on. */
  readonly versions?:
    | ReadonlyArray<{
        readonly version: number
        readonly publishedAt: string
        readonly dateCreated?: string | null | undefined
        readonly requireReaccept?: boolean | null | undefined
        readonly grace?: string | null | undefined
      }>
    | null
    | undefined
}

/** One request that the handler answered, as it is logged. It holds nothing about a person. */
export interface LogEntry {
  readonly requestId: string
  readonly method: string
  /** The template of the path, such as `/site-v1/:projectId/session`; `none` for a path that is not served. */
  readonly route: string
  /** As sent; 499 if the client closed the connection before. */
  readonly status: number
  readonly durationMs: number
  readonly keyId?: string
  readonly error?: string
  /** `instance` of an error answer. */
  readonly instance?: string
}

/** How the handler is mounted. */
export interface HttpOptions {
  /** The path under which it is mounted, such as `/consent`, if the requests still have it. Default: none. */
  readonly basePath?: string | undefined
  /**
   * The address of the client of a request, which your server knows. Default: not known, so that sessions note
   * `0.0.0.0` and no address has a quota.
   */
  readonly clientAddress?: ((request: Request) => string | undefined) | undefined
  /** Called for every request that was answered. Default: nothing is logged. */
  readonly log?: ((entry: LogEntry) => void) | undefined
}

/** How mails are sent. */
export interface MailOptions {
  /** `smtps://USER:PASSWORD@HOST`, or `smtp:` with STARTTLS. Without TLS only to this machine. */
  readonly smtpUrl: string
  /** The sender: an address, or `Example <privacy@example.com>`. */
  readonly from: string
  /** The address that mails which cannot be delivered come back to. Default: that of `from`. */
  readonly returnPath?: string | undefined
  /** Where visitors reach {@link OpenLedger.handler}: mails have links to it. Default: they have none. */
  readonly publicUrl?: string | undefined
}

/** How a ledger is opened. */
export interface OpenOptions {
  /**
   * The mail server that mails about compliance requests are handed to. Needs the package `nodemailer`. Default: none,
   * and mails wait in the outbox.
   */
  readonly mail?: MailOptions | undefined
  /**
   * The path of the key file. Default: the variable `ASSENT_KEYS`; without it, for SQLite the file next to the ledger,
   * `PATH.keys`, which the first opening makes. PostgreSQL needs one: `npx assent keys create --keys FILE`.
   */
  readonly keys?: string | undefined
  /** The id of the project, if the ledger has several. */
  readonly project?: string | undefined
  /** First opening: the name of the organization and of its project, 2 to 1024 characters. Default: `My project`. */
  readonly name?: string | undefined
  /** First opening: the host names of your pages, the most important one first. Default: `localhost`. */
  readonly domains?: ReadonlyArray<string> | undefined
  /** First opening: where people read what you do with their data. Default: `/privacy` of the first domain. */
  readonly privacyPolicyUrl?: string | undefined
  /**
   * First opening: the consent types, as in a types.json. Default: none. Later openings warn of types that the project
   * lacks: make them with {@link OpenLedger.addType}.
   */
  readonly types?: { readonly items: ReadonlyArray<NewType> } | ReadonlyArray<NewType> | undefined
  /** The path of the log of erasures, kept apart from the ledger. Default: the variable `ASSENT_ERASURE_LOG`. */
  readonly erasureLog?: string | undefined
  /** How {@link OpenLedger.handler} is mounted. */
  readonly http?: HttpOptions | undefined
  /** Called with what an operator should know, such as a new key file. Default: `process.emitWarning`. */
  readonly onWarning?: ((message: string) => void) | undefined
}

/**
 * An open ledger, and one project of it. Every method may be called at the same time as others. A method rejects with
 * `Refusal` if a rule is broken, with `Unavailable` if the store cannot answer now, and with `Closed` after `close`.
 */
export interface OpenLedger {
  readonly organizationId: string
  readonly projectId: string

  /**
   * Records what people said, one item or up to 1000: all of them or none. When it resolves, the events are on the
   * disk. A refusal (`declined`) is recorded without the members that cannot be read, and says so in `leftOut`.
   *
   * @example
   *   await ledger.record({
   *     email: "jo@example.com",
   *     category: "communication",
   *     subcategory: "email",
   *     label: "newsletter",
   *     consentState: "accepted",
   *     consentAction: "user_click",
   *   })
   */
  readonly record: (items: Item | ReadonlyArray<Item>, options?: RecordOptions) => Promise<ReadonlyArray<RecordedEvent>>

  /**
   * Decides each type about a person, in the order in which the types were made.
   *
   * @example
   *   const [newsletter] = await ledger.decide({ email: "jo@example.com" }, { types: [{ label: "newsletter" }] })
   *   if (newsletter?.permitted) send()
   */
  readonly decide: (person: Person, question?: Question) => Promise<ReadonlyArray<Decision>>

  /**
   * The events that decide now, of the types that have an answer in force.
   *
   * @example
   *   const { items, nextChangeAt } = await ledger.state({ userId: "42" })
   */
  readonly state: (person: Person, question?: Question) => Promise<State>

  /**
   * Every decision that differs from the one before it, past and to come, in the order of `at`.
   *
   * @example
   *   for (const { at, label, status } of await ledger.timeline({ userId: "42" })) console.log(at, label, status)
   */
  readonly timeline: (person: Person, question?: Omit<Question, "at">) => Promise<ReadonlyArray<Decision>>

  /**
   * The people that an identifier names, or several: none, one, or more if they name different people.
   *
   * @example
   *   const [jo] = await ledger.people({ email: "jo@example.com" })
   */
  readonly people: (person: Person) => Promise<ReadonlyArray<FoundPerson>>

  /**
   * The changes of the project as they come, in batches: every event, and every answer that changed without one. It
   * ends when its signal is aborted, and when the ledger is closed. After a restart go on with the last `mark`: what
   * was read after it comes again, with the same ids.
   *
   * @example
   *   for await (const { items, mark } of ledger.changes({ after: await readMark() })) {
   *     for (const { concordId, to, type } of items) if (type === "decision.changed") await obey(concordId, to)
   *     await writeMark(mark)
   *   }
   */
  readonly changes: (options?: ChangeOptions) => AsyncIterable<ChangeBatch>

  /** The consent types of the project, in the order in which they were made. */
  readonly types: () => Promise<ReadonlyArray<ConsentType>>

  /** Makes a consent type, whose three names no other type of the project has. */
  readonly addType: (type: Omit<NewType, "id" | "versions">) => Promise<ConsentType>

  /**
   * Makes an API key for {@link OpenLedger.handler}. The secret is returned only now.
   *
   * @example
   *   const { secret } = await ledger.createKey({ name: "web shop", role: "limited" })
   */
  readonly createKey: (key: {
    readonly name: string
    readonly role: "owner" | "admin" | "limited" | "viewer"
  }) => Promise<{ readonly id: string; readonly secret: string }>

  /**
   * The HTTP API of the ledger as a function of the Fetch standard, with all its routes and limits. Needs the packages
   * `@effect/platform-node`, `csv-parse`, `jose` and `temporal-polyfill`, which the first request loads.
   *
   * @example
   *   export const { GET, POST } = { GET: ledger.handler, POST: ledger.handler } // app/consent/[...path]/route.ts
   */
  readonly handler: (request: Request) => Promise<Response>

  /**
   * Waits for the calls and requests that are under way, and closes the store. Further calls of it wait, too. Until
   * then the ledger keeps the program running.
   */
  readonly close: () => Promise<void>

  /** The same as {@link OpenLedger.close}: `await using ledger = await open(url)`. */
  readonly [Symbol.asyncDispose]: () => Promise<void>
}
