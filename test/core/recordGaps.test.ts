/** What article 30 asks of a data system and it does not say. */
import { expect, it } from "vitest"
import * as Families from "../../core/data-systems/AttributeFamily.ts"
import * as RecordGaps from "../../core/data-systems/RecordGaps.ts"

const linked = Object.fromEntries(Families.names.map((family) => [family, ["one"]]))

const whole: RecordGaps.Described = {
  attributes: linked,
  crossBorder: true,
  retention: "P2Y",
  transfers: [{ country: "US", safeguard: "standard contractual clauses" }],
}

const bare: RecordGaps.Described = { attributes: {}, crossBorder: true }

const without = (family: Families.AttributeFamily): RecordGaps.Described => ({
  ...whole,
  attributes: { ...linked, [family]: [] },
})

const codesOf = (...of: Parameters<typeof RecordGaps.of>) => RecordGaps.of(...of).map(({ code }) => code)

it("says nothing of a system that says everything", () => {
  for (const role of ["controller", "joint_controller", "processor"] as const)
    expect(RecordGaps.of(whole, role)).toEqual([])
})

it("names all that a controller, and all that a processor has to add, with the paragraph that asks for it", () => {
  const articles = (role: RecordGaps.ProcessingRole | undefined) =>
    RecordGaps.of(bare, role).map(({ article, code }) => `${article} ${code}`)
  expect(articles("controller")).toEqual([
    "30(1) activity_missing",
    "30(1)(b) purpose_missing",
    "30(1)(c) data_subject_missing",
    "30(1)(c) data_category_missing",
    "30(1)(d) recipient_missing",
    "30(1)(e) transfer_missing",
    "30(1)(f) retention_missing",
    "30(1)(g) security_measure_missing",
  ])
  expect(articles("processor")).toEqual([
    "30(2)(b) activity_missing",
    "30(2)(a) controller_missing",
    "30(2)(c) transfer_missing",
    "30(2)(d) security_measure_missing",
  ])
})

it("without a role asks for it, and for all that it asks a controller", () => {
  expect(codesOf(bare, undefined)).toEqual(["relationship_missing", ...codesOf(bare, "controller")])
})

it("asks for the one thing that is missing, and names the member that would say it", () => {
  const one = (system: RecordGaps.Described, role: RecordGaps.ProcessingRole = "controller") => {
    const gaps = RecordGaps.of(system, role)
    expect(gaps).toHaveLength(1)
    return `${gaps[0]!.code} ${gaps[0]!.field}`
  }
  expect(one(without("processingActivity"))).toBe("activity_missing dataSystemProcessingActivities")
  expect(one(without("processingPurpose"))).toBe("purpose_missing dataSystemProcessingPurposes")
  expect(one(without("dataSubject"))).toBe("data_subject_missing dataSystemDataSubjects")
  expect(one(without("dataCategory"))).toBe("data_category_missing dataSystemDataCategories")
  expect(one(without("destination"))).toBe("recipient_missing dataSystemDestinations")
  expect(one(without("securityMeasure"))).toBe("security_measure_missing dataSystemSecurityMeasures")
  expect(one(without("contact"), "joint_controller")).toBe("controller_missing dataSystemContacts")
  expect(one(without("contact"), "processor")).toBe("controller_missing dataSystemContacts")
  const { retention: _, ...unlimited } = whole
  expect(one(unlimited)).toBe("retention_missing retention")
  expect(one({ ...whole, transfers: [] })).toBe("transfer_missing transfers")
  expect(one({ ...whole, transfers: [{ country: "US", safeguard: "  " }] })).toBe("safeguard_missing transfers")
})

it("counts a vendor as a recipient, and asks for no transfers of a system that passes nothing on", () => {
  expect(codesOf({ ...without("destination"), vendor: { name: "Post" } }, "controller")).toEqual([])
  expect(codesOf({ ...whole, crossBorder: false, transfers: [] }, "controller")).toEqual([])
  expect(codesOf(without("contact"), "controller")).toEqual([])
})
