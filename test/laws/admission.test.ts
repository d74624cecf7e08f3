import * as fc from "fast-check"
import { expect, test } from "vitest"
import * as Admission from "../../core/model/Admission.ts"
import * as Catalog from "../../core/model/Catalog.ts"
import * as ConsentState from "../../core/engine/ConsentState.ts"

const day = (text: string): number => Date.parse(`${text}T00:00:00.000Z`)
const clock = day("2026-01-31")

/** The dates at which what may be recorded changes, with the milliseconds around them. */
const edges = ["0001-01-01", "1899-12-30", "1900-01-01", "1970-01-01", "1970-03-01", "1990-01-01", "2018-05-25"].map(
  day,
)
const dates = [...edges, clock, clock + Admission.clockSkewMaxMillis, day("9999-12-31")].flatMap((date) => [
  date - 1,
  date,
  date + 1,
])
const date = fc.constantFrom(undefined, ...dates.filter((each) => each >= edges[0]!))
const earliest = fc.constantFrom(undefined, day("1900-01-01"), day("1970-01-01"), day("1990-01-01"), day("2018-05-25"))

const type: Catalog.ListedType = {
  id: "type",
  organization: "organization",
  project: "project",
  category: "custom",
  subcategory: "club",
  label: "club",
  status: "active",
  required: false,
  validStates: ConsentState.all,
  rules: {},
  versions: [],
  dateCreated: 0,
  dateUpdated: 0,
}
const project: Catalog.Project = {
  id: "project",
  organization: "organization",
  number: 1,
  lanes: 1,
  name: "",
  domains: [],
  status: "active",
  dateCreated: 0,
  dateUpdated: 0,
}
const { consentTypes } = Catalog.index(
  {
    organizations: [],
    projects: [project],
    apiKeys: [],
    consentTypes: [type],
    webhooks: [],
    translations: [],
    dataSystems: [],
    dataSystemAttributes: [],
    senders: [],
    mailTexts: [],
    regions: [],
    publications: [],
    trackers: [],
  },
  1,
)
const types = consentTypes.get(project.id)!

/** The codes of the dates of an item, stated a second time (semantics, section 1). */
const faultsOf = (
  consentDate: number | undefined,
  expirationDate: number | undefined,
  allowEarly: boolean | undefined,
  earliestConsentDate = day("1990-01-01"),
): ReadonlyArray<string> => {
  const codes: Array<string> = []
  const said = consentDate ?? clock
  if (said > clock + 5 * 60_000) codes.push("consent_date_in_future")
  const isUnknown = said >= day("1970-01-01") && said < day("1970-03-01") && allowEarly !== true
  if (consentDate !== undefined && (said < earliestConsentDate || isUnknown)) codes.push("consent_date_too_early")
  if (expirationDate !== undefined && expirationDate <= said) codes.push("expiration_not_after_consent")
  return codes
}

// Kills: EarliestDate includes or excludes a bound that it should not, or believes allowEarly against the project; a
// refusal with such a date is refused, recorded at it, or loses its claim; an expiration before the recorded date
// stays.
test("A yes is refused for the faults of its dates, and a refusal with them is recorded as of now with its claims", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...ConsentState.all),
      date,
      date,
      fc.constantFrom(undefined, true, false),
      earliest,
      (consentState, consentDate, expirationDate, allowEarly, earliestConsentDate) => {
        const draft: Admission.Draft = {
          consentType: type.id,
          consentState,
          consentAction: "import",
          ...(consentDate !== undefined && { consentDate }),
          ...(expirationDate !== undefined && { expirationDate }),
          ...(allowEarly !== undefined && { allowEarly }),
        }
        const terms = { ...project, ...(earliestConsentDate !== undefined && { earliestConsentDate }) }
        const admitted = Admission.admit(draft, types, terms, { clock, recordedAt: clock })
        const codes = faultsOf(consentDate, expirationDate, allowEarly, earliestConsentDate)
        if (!("type" in admitted)) {
          expect(consentState).not.toBe("declined")
          expect(admitted.map(({ code }) => code)).toEqual(codes)
          return
        }
        const isReplaced =
          consentDate !== undefined && (consentDate > clock || codes.includes("consent_date_too_early"))
        const recorded = isReplaced || consentDate === undefined ? clock : consentDate
        if (consentState !== "declined") expect(codes).toEqual([])
        expect(admitted.consentDate).toBe(recorded)
        expect(admitted.claimedConsentDate).toBe(isReplaced && consentState === "declined" ? consentDate : undefined)
        const isExpired = expirationDate !== undefined && expirationDate <= Math.max(recorded, consentDate ?? recorded)
        expect(admitted.expirationDate).toBe(isExpired ? undefined : expirationDate)
        expect(admitted.claimedExpirationDate).toBe(isExpired ? expirationDate : undefined)
      },
    ),
    { numRuns: 5000 },
  )
})
