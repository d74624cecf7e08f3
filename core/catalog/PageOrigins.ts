/**
 * Where the pages of a project come from: its domains, and the origins of its apps. The members of organizations and
 * projects that name hosts are kept in the form in which browsers send them.
 */
import { Predicate, Result } from "effect"
import type { Project } from "../model/Catalog.ts"
import * as AppOrigin from "./AppOrigin.ts"
import type { CatalogFault } from "./CatalogChange.ts"
import * as HostName from "./HostName.ts"

/** Members that name hosts. */
export interface HostFields {
  readonly primaryDomain?: string
  readonly domains?: ReadonlyArray<string>
  readonly appOrigins?: ReadonlyArray<string>
}

type Parse = (text: string) => Result.Result<string, string>

const lists = { domains: HostName.parsePattern, appOrigins: AppOrigin.parse } satisfies Record<string, Parse>
const listNames = ["domains", "appOrigins"] as const

const faultsOfText = (field: string, value: unknown, parse: Parse): ReadonlyArray<CatalogFault> => {
  const parsed = typeof value === "string" ? parse(value) : undefined
  return parsed !== undefined && Result.isFailure(parsed) ? [{ field, code: "invalid", detail: parsed.failure }] : []
}

/** What is wrong with the hosts that members name. Members of another shape are passed over. */
export const faultsOf = (fields: unknown): ReadonlyArray<CatalogFault> => {
  if (!Predicate.isObject(fields)) return []
  const named: { readonly [Name in keyof HostFields]?: unknown } = fields
  return [
    ...faultsOfText("primaryDomain", named.primaryDomain, HostName.parse),
    ...listNames.flatMap((name) => {
      const list = named[name]
      if (!Array.isArray(list)) return []
      return list.flatMap((value, index) => faultsOfText(`${name}/${index}`, value, lists[name]))
    }),
  ]
}

const keptList = (list: ReadonlyArray<string>, parse: Parse): ReadonlyArray<string> => [
  ...new Set(list.map((each) => Result.getOrElse(parse(each), () => each))),
]

/** Members without faults in the form in which they are kept: in ASCII and lower case, each host once. */
export const kept = <Fields extends HostFields>(fields: Fields): Fields => {
  const { appOrigins, domains, primaryDomain } = fields
  return {
    ...fields,
    ...(primaryDomain !== undefined && {
      primaryDomain: Result.getOrElse(HostName.parse(primaryDomain), () => primaryDomain),
    }),
    ...(domains !== undefined && { domains: keptList(domains, lists.domains) }),
    ...(appOrigins !== undefined && { appOrigins: keptList(appOrigins, lists.appOrigins) }),
  }
}

/**
 * The name under which a session notes where its page comes from, if the page is one of the project's: the host of a
 * web page, on any port, or the whole origin of an app, which may have the host of a page.
 */
export const nameOf = (
  origin: string,
  { appOrigins = [], domains }: Pick<Project, "appOrigins" | "domains">,
): string | undefined => {
  const sent = origin.toLowerCase()
  if (appOrigins.includes(sent)) return sent
  if (!URL.canParse(origin)) return undefined
  const { hostname, origin: serialized, protocol } = new URL(origin)
  if (serialized !== sent || !/^https?:$/.test(protocol)) return undefined
  return domains.some((domain) => HostName.matches(domain, hostname)) ? hostname : undefined
}
