/**
 * The wire schemas of trackers, and of what pages report of them.
 */
import { Schema } from "effect"
import { HttpApiSchema } from "effect/http-api"
import { trackerCategories, trackerTypes } from "../../../core/browser/TrackerRules.ts"
import * as Fields from "../../../core/formats/Fields.ts"
import {
  maxCreatedTrackers,
  maxReportedTrackers,
  maxTrackerTypes,
  trackerMatches,
  trackerOrigins,
} from "../../../core/model/Tracker.ts"
import * as Parameter from "./Parameter.ts"
import * as Wire from "./Wire.ts"

const { orNull } = Fields

const Type = Schema.Literals(trackerTypes)
const Category = Schema.Literals(trackerCategories)
const Name = Fields.writableText(1, 256)
const shortText = (description: string) => orNull(Name.annotate({ description }))

const list = <S extends Schema.Constraint>(item: S, max: number, what: string) =>
  Schema.Array(item).check(Schema.isMaxLength(max, { message: `expected at most ${max} ${what}` }))

/** The members that may be left out, and that a change removes by `null`. */
const optional = {
  detectedName: shortText("The name under which it was found"),
  company: shortText("The company that it belongs to"),
  description: orNull(Fields.writableText(0, 1024)),
  domain: orNull(
    Fields.writableText(1, 253).annotate({
      description: "The host name that it is loaded from or kept for, and its sub-domains. Left out: any",
    }),
  ),
  consentTypes: orNull(
    list(Fields.Uuid, maxTrackerTypes, "ids").annotate({
      description: "The ids of the consent types that it needs, in place of those of its category",
    }),
  ),
  matchedTrackerId: shortText("The id of a tracker that it is the same as, in your words"),
  overrideFields: orNull(list(Name, 20, "names")).annotate({
    description: "The names of members that are your own, and not those of the matched tracker. Kept as given",
  }),
  expiration: shortText("How long it stays, in your words, such as `2 years`"),
}

const categorized = {
  pattern: orNull(
    Name.annotate({
      description:
        "Of a load: host and path, such as `stats.example/*`. Of a cookie or a stored entry: the name. `*` stands for any characters. Left out: the domain of a load, or the name",
    }),
  ),
  category: orNull(Category).annotate({
    description: "The subcategory of the consent types that it needs. Left out: `unclassified`, which decides nothing",
  }),
  origin: orNull(Schema.Literals(trackerOrigins)).annotate({ description: "Left out: `manual`" }),
  matchType: orNull(Schema.Literals(trackerMatches)).annotate({ description: "Kept as given" }),
}

/** A new tracker. */
export const NewTracker = Schema.Struct({ name: Name, type: Type, ...categorized, ...optional })

/** Several new trackers, of which all are created or none. */
export const NewTrackers = Schema.Struct({
  items: list(NewTracker, maxCreatedTrackers, "trackers").check(
    Schema.isMinLength(1, { message: "expected at least 1 tracker" }),
  ),
})

/** A change of a tracker. */
export const TrackerChange = Schema.Struct({ name: orNull(Name), type: orNull(Type), ...categorized, ...optional })

const text = Schema.optionalKey(Schema.String)
const texts = Schema.optionalKey(Schema.Array(Schema.String))

/** A tracker. */
export const Tracker = Schema.Struct({
  id: Schema.String,
  organization: Schema.String,
  project: Schema.String,
  name: Schema.String,
  type: Type,
  detectedName: text,
  company: text,
  description: text,
  domain: text,
  pattern: Schema.String,
  category: Category,
  consentTypes: texts,
  origin: Schema.Literals(trackerOrigins).annotate({ description: "`autoscan`: a page or a scan reported it" }),
  matchType: Schema.Literals(trackerMatches),
  matchedTrackerId: text,
  overrideFields: texts,
  expiration: text,
  dateCreated: Schema.Int.annotate({ description: "Milliseconds since 1970-01-01" }),
  dateUpdated: Schema.Int,
}).annotate({ identifier: "Tracker" })

/** Trackers that were created. */
export const MadeTrackers = Schema.Array(Tracker)

/** A page of trackers. */
export const TrackerPage = Wire.page(Tracker)

/** The parameters of a list of trackers. */
export const trackers = {
  ...Wire.pageParameters,
  sort: Wire.entrySort,
  type: Parameter.optional(Type, "Trackers of this type"),
  category: Parameter.optional(Category, "Trackers of this category"),
  origin: Parameter.optional(Schema.Literals(trackerOrigins), "`autoscan`: those that a page or a scan reported"),
}

/** When trackers were found. */
export const ScanHistory = Schema.Struct({
  scheduledScanEnabled: Schema.Literal(false).annotate({
    description: "A scan needs a browser: `assent scan` starts one",
  }),
  count: Schema.Int,
  items: Schema.Array(
    Schema.Struct({
      date: Schema.String.annotate({ description: "The day in UTC, such as `2026-12-01`; the latest first" }),
      found: Schema.Int.annotate({ description: "How many trackers were found that were not known" }),
      unclassified: Schema.Int.annotate({ description: "How many of them have no category yet" }),
    }),
  ),
}).annotate({ identifier: "TrackerScanHistory" })

/** The trackers that a page holds and cleans. */
export const PageTrackers = Schema.Struct({
  count: Schema.Int,
  items: Schema.Array(
    Schema.Struct({
      id: Schema.String,
      type: Type,
      pattern: Schema.String,
      domain: text,
      category: Category,
      consentTypes: texts,
    }).annotate({ identifier: "PageTracker" }),
  ),
})

const seenText = (maximum: number) => Fields.writableText(1, maximum)

/** What a page reports. Only the type, the name and the place are read, and these are shortened. */
export const TrackerReport = Schema.Struct({
  items: list(
    Schema.Struct({
      type: Type,
      name: orNull(seenText(2048).annotate({ description: "Of a cookie or a stored entry. No value" })),
      domain: seenText(253).annotate({
        description: "The host that it is loaded from; of a cookie or a stored entry, that of the page",
      }),
      path: orNull(seenText(2048).annotate({ description: "Of a load. The query is left out" })),
      first: orNull(Schema.Literals(["parser", "script"])).annotate({
        description: "What brought it into the page. Not kept",
      }),
      heldBy: orNull(seenText(256).annotate({ description: "What held it. Not kept" })),
    }),
    maxReportedTrackers,
    "items",
  ).check(Schema.isMinLength(1, { message: "expected at least 1 item" })),
})

/** One report of the Reporting API, as far as it is read. */
const CspReport = Schema.Struct({
  type: Schema.String,
  body: Schema.optionalKey(
    Schema.Struct({
      blockedURL: text,
      effectiveDirective: text,
    }),
  ),
})

/** Reports of the browser itself about what a content security policy blocked. */
export const CspReports = Schema.Array(CspReport).check(
  Schema.isMaxLength(100, { message: "expected at most 100 reports" }),
)

/** The older form of such a report. */
export const LegacyCspReport = Schema.Struct({
  "csp-report": Schema.Struct({
    "blocked-uri": text,
    "effective-directive": text,
    "violated-directive": text,
  }),
})

/** The bodies that a page, or its browser, may report with. */
export const TrackerReportBodies = [
  TrackerReport,
  Schema.String.annotate({ description: "The same JSON as a text, for which a browser sends no preflight" }).pipe(
    HttpApiSchema.asText({ contentType: "text/plain" }),
  ),
  CspReports.pipe(HttpApiSchema.asJson({ contentType: "application/reports+json" })),
  LegacyCspReport.pipe(HttpApiSchema.asJson({ contentType: "application/csp-report" })),
] as const

/** That a report arrived. It says nothing of what was known. */
export const TakenReport = Schema.Struct({
  accepted: Schema.Int.annotate({ description: "How many of the items could be read, whether or not they were known" }),
}).annotate({ identifier: "TakenTrackerReport" })
