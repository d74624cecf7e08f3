/**
 * Reads the options of a ledger that is opened.
 */
import { Result, Schema } from "effect"
import * as Exchange from "../../core/formats/Exchange.ts"
import * as Fields from "../../core/formats/Fields.ts"
import * as NewTypes from "../../core/formats/NewTypes.ts"
import * as PageOrigins from "../../core/catalog/PageOrigins.ts"
import * as Founding from "../../core/catalog/Founding.ts"
import * as Store from "../Store.ts"
import { OpenError, type Violation } from "./Errors.ts"
import * as MailOption from "./MailOption.ts"
import type { OpenOptions } from "./OpenLedger.ts"

/** Options that have been read. */
export interface Read {
  /** What an empty store is filled with. */
  readonly foundation: Founding.Foundation
}

const path = Schema.optionalKey(
  Schema.String.check(Schema.isPattern(/[^/]$/, { message: "expected the path of a file" })),
)

const callback = Schema.optionalKey(
  Schema.Unknown.check(Schema.makeFilter((value) => typeof value === "function" || "expected a function")),
)

const webAddress = Schema.String.check(
  Schema.makeFilter((url) => (URL.canParse(url) && /^https?:/i.test(url)) || "expected an http or https URL"),
)

/** The options. A member that does not exist is an error, because it would have no effect. */
const Options = Exchange.strict({
  keys: path,
  project: Schema.optionalKey(Fields.Uuid),
  name: Schema.optionalKey(Fields.writableText(2, 1024)),
  domains: Schema.optionalKey(
    Schema.Array(Schema.String).check(Schema.isMinLength(1, { message: "expected at least 1 host name" })),
  ),
  privacyPolicyUrl: Schema.optionalKey(webAddress),
  // Read by itself, and named here because a message lists the members.
  types: Schema.optionalKey(Schema.Unknown),
  erasureLog: path,
  http: Schema.optionalKey(
    Exchange.strict({
      basePath: Schema.optionalKey(
        Schema.String.check(Schema.isPattern(/^(\/.*)?$/, { message: "expected a path, such as /consent" })),
      ),
      clientAddress: callback,
      log: callback,
    }),
  ),
  mail: Schema.optionalKey(MailOption.Fields),
  onWarning: callback,
})

const decodeOptions = Exchange.decoder(Options)
const decodeTypes = Exchange.decoder(NewTypes.NewTypes)

const under = (member: string, violations: ReadonlyArray<Violation>): ReadonlyArray<Violation> =>
  violations.map((each) => ({ ...each, pointer: `/${member}${each.pointer}` }))

const defaultName = "My project"

/** The members without those that are `undefined`. */
const withoutUndefined = <Members extends object>(members: Members): Members =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Members

/** The types as a types.json. */
const typesOf = (given: unknown): unknown => {
  const file = Array.isArray(given) ? { items: given } : (given ?? { items: [] })
  return JSON.parse(JSON.stringify(file))
}

const optionsRead = (options: OpenOptions): Result.Result<Read, ReadonlyArray<Violation>> => {
  const { http, mail, types: given, ...rest } = options
  const parts = { http: http && withoutUndefined(http), mail: mail && withoutUndefined(mail) }
  const read = decodeOptions(withoutUndefined({ ...rest, ...parts }))
  const types = decodeTypes(typesOf(given))
  const hosts = PageOrigins.faultsOf(options).map(({ code, detail, field }) => ({ pointer: `/${field}`, code, detail }))
  if (Result.isFailure(read)) return Result.fail([...read.failure, ...hosts])
  if (Result.isFailure(types)) return Result.fail([...under("types", types.failure), ...hosts])
  if (hosts.length > 0) return Result.fail(hosts)
  const { domains = ["localhost"], name = defaultName, privacyPolicyUrl } = read.success
  const foundation = Founding.foundationOf({
    name,
    domains,
    privacyPolicyUrl,
    types: NewTypes.toNewTypes(types.success),
  })
  return Result.succeed({ foundation })
}

/** Reads the options. Throws if the URL or an option is not valid, with everything that is wrong. */
export const read = (url: string, options: OpenOptions): Read => {
  if (!Store.isUrl(url)) throw new OpenError("options", `the store: expected ${Store.form}`)
  const found = optionsRead(options)
  if (Result.isSuccess(found)) return found.success
  const faults = found.failure.map(({ detail, pointer }) => `${pointer}: ${detail}`)
  throw new OpenError("options", `the options of open: ${faults.join("; ")}`)
}
