/**
 * Lists the consent types of a project to a visitor, in the language that the visitor wants most of those that there
 * are texts in (RFC 9110, section 12.5.4; RFC 4647, section 3.4).
 */
import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import * as ConsentTypeVersions from "../../../core/catalog/ConsentTypeVersions.ts"
import * as Translations from "../../../core/catalog/Translations.ts"
import * as LanguageLookup from "../../../core/model/LanguageLookup.ts"
import { CurrentVisitor } from "../api/Credentials.ts"
import * as ConsentTypeRoutes from "./ConsentTypeRoutes.ts"
import type { ShownChoice } from "./ConsentTypeJson.ts"

/** The most languages that `Content-Language` names. */
const maxNamed = 20

type Query = Omit<Parameters<typeof ConsentTypeRoutes.list>[2], "status"> & { readonly language?: string }

/** The header `Content-Language` (RFC 9110, section 8.5) of items in these languages; none where it is not known. */
const contentLanguage = (shown: ReadonlySet<string | undefined>): Readonly<Record<string, string>> => {
  const languages = [...shown].filter((language) => language !== undefined)
  const isKnown = languages.length > 0 && languages.length === shown.size && languages.length <= maxNamed
  return isKnown ? { "content-language": languages.join(", ") } : {}
}

/** A page of the active types. Without a wanted language, each is shown in that of its own texts. */
export const listTypes = Effect.fnUntraced(function* (query: Query, acceptLanguage: string | undefined) {
  const { session, scope } = yield* CurrentVisitor
  const wanted = query.language === undefined ? LanguageLookup.ofHeader(acceptLanguage) : [query.language]
  const isAsked = query.language !== undefined || acceptLanguage !== undefined
  const shown = new Set<string | undefined>()
  const choice: ShownChoice = {
    choose: (type, now) => Translations.choose(type, ConsentTypeVersions.inForce(type, now), scope, wanted),
    note: ({ language }) => shown.add(language),
  }
  const filter = { ...query, status: "active" }
  const answer = yield* ConsentTypeRoutes.list(scope, session.id, filter, isAsked ? choice : undefined)
  return HttpServerResponse.setHeaders(answer, { ...contentLanguage(shown), vary: "Accept-Language" })
})
