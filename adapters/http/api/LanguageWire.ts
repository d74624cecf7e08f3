/**
 * The wire schemas of the languages of a project.
 */
import { Schema } from "effect"
import * as Exchange from "../../../core/formats/Exchange.ts"
import * as Fields from "../../../core/formats/Fields.ts"
import { maxLanguages } from "../../../core/model/Catalog.ts"

/** The languages of a project, to set. */
export const NewLanguages = Schema.Struct({
  default: Exchange.Language.annotate({
    description: "The language of texts that state none, and of mails and pages where the wanted one is not known",
  }),
  offered: Fields.orNull(
    Schema.Array(Exchange.Language)
      .check(Schema.isMaxLength(maxLanguages, { message: `expected at most ${maxLanguages} languages` }))
      .annotate({
        description:
          "The languages in which visitors are shown consent types, `default` among them. Left out: the default alone",
      }),
  ),
})

/** The languages of a project in an answer. */
export const Languages = Schema.Struct({
  default: Schema.optionalKey(Schema.String.annotate({ description: "Left out: none was set" })),
  offered: Schema.Array(Schema.String).annotate({
    description: "Empty: none was set, and every translation is offered",
  }),
}).annotate({ identifier: "ProjectLanguages" })
