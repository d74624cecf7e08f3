/**
 * The flags of `assent bootstrap` that describe the organization of the operator, its project and its consent types.
 */
import { Effect, Option, Schema } from "effect"
import { CliError, type Command, Flag } from "effect/cli"
import * as Documents from "../../adapters/files/Documents.ts"
import * as Source from "../../adapters/files/Source.ts"
import { WebAddress } from "../../adapters/http/api/Wire.ts"
import type { CatalogFault } from "../../core/catalog/CatalogChange.ts"
import * as Founding from "../../core/catalog/Founding.ts"
import * as PageOrigins from "../../core/catalog/PageOrigins.ts"
import { EntryName } from "../../core/formats/Fields.ts"
import * as Flags from "./Flags.ts"

const refuse = (message: string) => Effect.fail(new CliError.ValidationError({ message }))

/** The flags that describe the operator's own organization. */
export const flags = {
  name: Flag.String("name").pipe(
    Flag.withDescription("The name of your organization; without it the demonstration is set up"),
    Flag.filter(Schema.is(EntryName), () => "2 to 1024 characters"),
    Flag.optional,
  ),
  domains: Flag.String("domain").pipe(
    Flag.withMetavar("<host>"),
    Flag.withDescription("A host of your pages, once for each; *.example.com stands for every sub-domain"),
    Flag.atLeast(0),
  ),
  project: Flag.String("project").pipe(
    Flag.withMetavar("<name>"),
    Flag.withDescription("The name of the project; by default that of the organization"),
    Flag.filter(Schema.is(EntryName), () => "2 to 1024 characters"),
    Flag.optional,
  ),
  privacyPolicy: Flag.String("privacy-policy").pipe(
    Flag.withMetavar("<url>"),
    Flag.withDescription("The address of your privacy policy; by default https://HOST/privacy of the first domain"),
    Flag.filter(Schema.is(WebAddress), () => "an http or https URL"),
    Flag.optional,
  ),
  types: Flags.path("types", "types.json with the consent types; by default none").pipe(Flag.optional),
}

type Given = Command.Command.Config.Infer<typeof flags>

/** The flags that were given although no name was, so that they would have no effect. */
const withoutName = ({ domains, privacyPolicy, project, types }: Given): ReadonlyArray<string> => [
  ...(domains.length > 0 ? ["--domain"] : []),
  ...(Option.isSome(project) ? ["--project"] : []),
  ...(Option.isSome(privacyPolicy) ? ["--privacy-policy"] : []),
  ...(Option.isSome(types) ? ["--types"] : []),
]

/** The flag that a field of an organization or a project was given with. */
const flagOf = ({ detail, field }: CatalogFault): string => {
  const index = /^domains\/(\d+)$/.exec(field)?.[1]
  return index === undefined ? `${field}: ${detail}` : `--domain ${Number(index) + 1}: ${detail}`
}

/** The entries that the flags ask for; `undefined` for the demonstration. Fails before anything is opened. */
export const read = Effect.fnUntraced(function* (given: Given) {
  const { domains, name, privacyPolicy, project, types } = given
  if (Option.isNone(name)) {
    const [flag] = withoutName(given)
    return flag === undefined ? undefined : yield* refuse(`${flag}: needs --name, the name of your organization`)
  }
  if (domains.length === 0) return yield* refuse("--domain: expected at least one host of your pages")
  const faults = PageOrigins.faultsOf({ domains })
  if (faults.length > 0) return yield* refuse(faults.map(flagOf).join("; "))
  return Founding.foundationOf({
    name: name.value,
    domains,
    projectName: Option.getOrUndefined(project),
    privacyPolicyUrl: Option.getOrUndefined(privacyPolicy),
    types: Option.isNone(types) ? [] : yield* Effect.flatMap(Source.open(types.value), Documents.newTypes),
  })
})
