/**
 * Mappings: what they may say, how rows are read by them, and what is said of columns that they do not find.
 */
import { Result } from "effect"
import { describe, expect, test } from "vitest"
import * as Mapping from "../../adapters/files/Mapping.ts"
import * as RowMapper from "../../adapters/files/RowMapper.ts"
import * as Instant from "../../core/engine/Instant.ts"
import { skipped } from "../../core/transfer/Intake.ts"

const mapperOf = (file: object) => RowMapper.make(Result.getOrThrow(Mapping.decode(file)))

/** The item of a row, or the faults of its members. */
const read = (mapper: RowMapper.RowMapper, row: unknown): unknown =>
  Result.match(mapper.map(row), {
    onSuccess: (item) => item,
    onFailure: (faults) => faults.map(({ code, field }) => `${field} ${code}`),
  })

describe("A JSON Pointer", () => {
  test("enters lists, and finds a row's own members alone", () => {
    const row = {
      patient: { identifier: [{ value: "p-1" }] },
      provision: [{ period: { end: "2024-01-01T00:00:00Z" } }],
      "a/b": { "m~n": { "": "x" } },
    }
    const found = (pointer: string) => read(mapperOf({ externalId: pointer }), row)
    const item = (externalId: unknown) => ({ consentAction: "import", externalId })
    expect(found("/provision/0/period/end")).toEqual(item("2024-01-01T00:00:00Z"))
    expect(found("/patient/identifier/0/value")).toEqual(item("p-1"))
    expect(found("/a~1b/m~0n/")).toEqual(item("x"))
    for (const pointer of [
      "/provision/length",
      "/provision/00/period/end",
      "/provision/-",
      "/provision/1",
      "/toString",
    ]) {
      expect(found(pointer)).toEqual({ consentAction: "import" })
    }
  })

  test("goes on inside a text as JSON; a text that is not JSON is a fault", () => {
    const mapper = mapperOf({
      consentState: { column: "/purposes/Advertising", values: { true: "accepted", false: "declined" } },
    })
    expect(mapper.missing(["userId", "purposes"])).toEqual([])
    const states = ['{"Advertising":true}', '{"Advertising":false,"x":[1]}', "{}", "[]", "7", "", "{", "Advertising"]
    expect(states.map((purposes) => read(mapper, { userId: "a", ...(purposes !== "" && { purposes }) }))).toEqual([
      { userId: "a", consentAction: "import", consentState: "accepted" },
      { userId: "a", consentAction: "import", consentState: "declined" },
      ...Array.from({ length: 4 }, () => ({ userId: "a", consentAction: "import" })),
      ["consentState invalid"],
      ["consentState invalid"],
    ])
  })
})

test("An id as text is a text or a whole number; another number is a fault that names the mapping.", () => {
  const mapper = mapperOf({ userId: { column: "id", as: "text" } })
  expect([17, "17", "1.5"].map((id) => read(mapper, { id }))).toEqual(
    ["17", "17", "1.5"].map((userId) => ({ userId, consentAction: "import" })),
  )
  for (const id of [1.5, 2 ** 53]) {
    const mapped = mapper.map({ id })
    expect(Result.isFailure(mapped) && mapped.failure).toMatchObject([
      { field: "userId", detail: expect.stringMatching(/whole number.*"as": "text"/) },
    ])
  }
})

describe("An empty field", () => {
  const values = { "": "declined", on: "accepted" }

  test("has a meaning if the mapping gives it one: in CSV, and as null or an empty text in JSON", () => {
    const mapper = mapperOf({ consentState: { column: "box", values } })
    expect(mapper.missing(["box"])).toEqual([])
    const states = [{ box: "on" }, {}].map((row) => read(mapper, row))
    expect(states).toMatchObject([{ consentState: "accepted" }, { consentState: "declined" }])
    const json = mapperOf({ consentState: { column: "/form/box", values } })
    expect([null, "", "on"].map((box) => read(json, { form: { box } }))).toMatchObject([
      { consentState: "declined" },
      { consentState: "declined" },
      { consentState: "accepted" },
    ])
  })

  test("that a row of JSON does not have at all has none, and neither has one without a meaning", () => {
    expect(read(mapperOf({ consentState: { column: "box", values } }), {})).toEqual({ consentAction: "import" })
    const mapper = mapperOf({ consentState: { column: "box", values: { on: "accepted" } } })
    expect([{ box: "" }, { box: null }, { box: "off" }].map((row) => read(mapper, row))).toEqual([
      { consentAction: "import" },
      { consentAction: "import" },
      ["consentState invalid"],
    ])
  })
})

describe("A condition", () => {
  const rows = ["active", "entered-in-error", "", undefined, 7, ["active"]].map((status) => ({
    userId: "a",
    ...(status !== undefined && { status }),
  }))
  const chosen = (where: object) => {
    const mapper = mapperOf({ where })
    return rows.map((row) => read(mapper, row) !== skipped)
  }

  test("leaves out the rows whose column has another value, or one of these", () => {
    expect(chosen({ column: "status", is: ["active", "7"] })).toEqual([true, false, false, false, true, false])
    expect(chosen({ column: "status", not: ["entered-in-error"] })).toEqual([true, false, true, true, true, true])
    expect(chosen({ column: "status", is: [""] })).toEqual([false, false, true, true, false, false])
  })

  test("must hold with all others; of a column that is no JSON it is a fault of the row", () => {
    const where = [
      { column: "status", not: [""] },
      { column: "/status", not: ["7"] },
    ]
    expect(chosen(where)).toEqual([true, true, false, false, false, true])
    const entered = { where: { column: "/status/0", not: ["x"] } }
    expect(read(mapperOf(entered), { status: "{" })).toEqual(["status invalid"])
  })

  test("of a column that is no JSON leaves out no refusal, unless another condition does", () => {
    const refusal = { userId: "a", consentState: "declined", status: "{", test: "yes" }
    const inner = { column: "/status/0", is: ["x"] }
    const other = { column: "test", not: ["yes"] }
    for (const ofRefusals of [false, true]) {
      const map = (where: object) => {
        const mapping = Result.getOrThrow(Mapping.decode({ where }))
        return Result.getOrThrow(RowMapper.make(mapping, ofRefusals).map(refusal))
      }
      expect(map(inner)).toMatchObject({ consentState: "declined" })
      expect([map([inner, other]), map([other, inner])]).toEqual([skipped, skipped])
    }
    expect(read(mapperOf({ where: inner }), { ...refusal, consentState: "accepted" })).toEqual(["status invalid"])
    const mapped = { consentState: { column: "answer", values: { n: "declined" } }, where: inner }
    expect(read(mapperOf(mapped), { userId: "a", answer: "n", status: "{" })).toMatchObject({
      consentState: "declined",
    })
  })
})

test("A national phone number has the country that the mapping gives; every other number stays as it is.", () => {
  const mapper = mapperOf({ phoneNumber: { column: "tel", defaultCountry: "DE" } })
  const numbers = [
    "0151 12345678",
    "(0151) 1234-5678",
    "+43 1 234567",
    "0043 1 234567",
    15112345678,
    "call me",
    "0151 12345678 ext. 5",
  ]
  expect(numbers.map((tel) => (read(mapper, { tel }) as { phoneNumber: unknown }).phoneNumber)).toEqual([
    "+4915112345678",
    "+4915112345678",
    "+431234567",
    "+431234567",
    "+4915112345678",
    "call me",
    "0151 12345678 ext. 5",
  ])
})

describe("A date", () => {
  /** The instant that a member becomes, another value as it is, or the fault. */
  const at = (source: object, when: unknown, consentState = "accepted", member = "consentDate"): unknown => {
    const item = read(mapperOf({ [member]: { column: "when", ...source } }), { when, consentState })
    const value = Array.isArray(item) ? item : Object(item)[member]
    const instant = typeof value === "string" ? Instant.parse(value) : undefined
    return instant === undefined ? value : Instant.format(instant)
  }

  test.each([
    ["2024-01-31 10:00:00+00", "2024-01-31T10:00:00.000Z"],
    ["2024-01-31 10:00:00.123456+05:30", "2024-01-31T04:30:00.123Z"],
    ["2024-01-31 10:00:00 UTC", "2024-01-31T10:00:00.000Z"],
    ["2024-01-31 10:00:00 Z", "2024-01-31T10:00:00.000Z"],
    ["2024-01-31 10:00:00 +0100", "2024-01-31T09:00:00.000Z"],
    ["2024-01-31 10:00:00 GMT", "2024-01-31T10:00:00.000Z"],
    ["2024-01-31T10:00:00-03", "2024-01-31T13:00:00.000Z"],
  ])("as databases write it is read without a mapping: %s", (text, expected) => {
    expect(at({}, text)).toBe(expected)
    expect(at({ zone: "Europe/Berlin" }, text)).toBe(expected)
  })

  test.each([
    [{ format: "dd.MM.yyyy HH:mm", zone: "Europe/Berlin" }, "31.01.2024 10:00", "2024-01-31T09:00:00.000Z"],
    [{ format: "dd.MM.yyyy HH:mm", zone: "Europe/Berlin" }, "31.07.2024 10:00", "2024-07-31T08:00:00.000Z"],
    [{ format: "MM/dd/yyyy hh:mm a", offset: "-05:00" }, "01/31/2024 10:00 AM", "2024-01-31T15:00:00.000Z"],
    [{ format: "excel", offset: "Z" }, "45322.4", "2024-01-31T09:36:00.000Z"],
    [{ format: "excel", zone: "Europe/Berlin" }, 45322.4, "2024-01-31T08:36:00.000Z"],
    [{ format: "yyyy-MM-dd HH:mm:ssX" }, "2024-01-31 10:00:00+02", "2024-01-31T08:00:00.000Z"],
    [{ zone: "Europe/Berlin" }, "2024-07-31 10:00", "2024-07-31T08:00:00.000Z"],
    [{ zone: "Europe/Berlin" }, "2024-07-31", "2024-07-30T22:00:00.000Z"],
    [{ offset: "+01:00" }, " 2024-01-31T10:00:00.5 ", "2024-01-31T09:00:00.500Z"],
    [{ as: "seconds" }, "1706659200.5", "2024-01-31T00:00:00.500Z"],
  ])("by %j: %s is %s", (source, held, expected) => {
    expect(at(source, held)).toBe(expected)
    expect(at(source, held, "declined")).toBe(expected)
    expect(at(source, held, "accepted", "expirationDate")).toBe(expected)
  })

  test("in the hour that happens twice is the later one of a refusal, and the earlier one of another state", () => {
    const zone = { zone: "Europe/Berlin" }
    const states = ["declined", "accepted", "implied", "viewed", "unknown"]
    expect(states.map((state) => at(zone, "2024-10-27 02:30", state))).toEqual([
      "2024-10-27T01:30:00.000Z",
      ...Array.from({ length: 4 }, () => "2024-10-27T00:30:00.000Z"),
    ])
    expect(at(zone, "2024-10-27 02:30", "accepted", "expirationDate")).toBe("2024-10-27T00:30:00.000Z")
  })

  test("in the hour that is skipped is the later one of a refusal, and refused of another state", () => {
    const zone = { format: "dd.MM.yyyy HH:mm", zone: "Europe/Berlin" }
    expect(at(zone, "31.03.2024 02:30", "declined")).toBe("2024-03-31T01:30:00.000Z")
    for (const state of ["accepted", "implied", "viewed"]) {
      expect(at(zone, "31.03.2024 02:30", state)).toEqual(["consentDate invalid"])
    }
  })

  test("without a time begins at the first instant of the day, also where midnight is skipped", () => {
    const zone = { zone: "America/Sao_Paulo" }
    for (const state of ["accepted", "declined"]) expect(at(zone, "2018-11-04", state)).toBe("2018-11-04T03:00:00.000Z")
    expect(at(zone, "2018-11-04 00:00")).toEqual(["consentDate invalid"])
    // The calendar of Samoa did not have this day.
    expect(at({ zone: "Pacific/Apia" }, "2011-12-30")).toEqual(["consentDate invalid"])
  })

  const faultOf = (source: object, when: unknown) => {
    const mapping = Result.getOrThrow(Mapping.decode({ consentDate: { column: "when", ...source } }))
    const mapped = RowMapper.make(mapping).map({ when, consentState: "accepted" })
    return Result.isFailure(mapped) ? mapped.failure[0]?.detail : undefined
  }

  test.each([
    [
      { format: "dd.MM.yyyy", zone: "Europe/Berlin" },
      "2024-01-31",
      "as the format dd.MM.yyyy says, such as 31.01.2024",
    ],
    [{ format: "excel", zone: "Europe/Berlin" }, "31.01.2024", "as the format excel says, such as 45322.4"],
    [{ zone: "Europe/Berlin" }, "31.01.2024", "such as 2024-01-31 or 2024-01-31 10:00; give format"],
    [{ offset: "+01:00" }, "31.01.2024", "such as 2024-01-31 or 2024-01-31 10:00; give format"],
    [{ offset: "+01:00" }, "2024-02-30", "such as 2024-01-31 or 2024-01-31 10:00; give format"],
    [{ offset: "+01:00" }, 45322, "such as 2024-01-31 or 2024-01-31 10:00; give format"],
    [{}, "31.01.2024", "with an offset, such as 2024-01-31T10:00:00+01:00; a mapping can give zone or offset"],
    [{}, "2024-01-31", "with an offset, such as 2024-01-31T10:00:00+01:00; a mapping can give zone or offset"],
    [{ as: "seconds" }, "31.01.2024", "must hold seconds since 1970"],
  ])("that is not as %j says has a fault that says what the column must hold: %s", (source, when, expected) => {
    const fault = faultOf(source, when)
    expect(fault).toContain("the column when must hold ")
    expect(fault).toContain(expected)
    expect(fault).not.toContain(String(when) === "2024-01-31" ? "2024-01-31;" : String(when))
  })

  test("that is none is a fault of its row, and left out of a refusal", () => {
    const source = { format: "dd.MM.yyyy", zone: "UTC" }
    for (const held of ["2024-01-31", "31.02.2024", "", true, {}].slice(0, 2)) {
      expect(at(source, held)).toEqual(["consentDate invalid"])
      expect(at(source, held, "declined")).toBe(false)
    }
    expect(at(source, true)).toEqual(["consentDate invalid"])
  })
})

describe("A column that is not found", () => {
  const mapping = {
    email: "mail",
    consentState: "/opt/in",
    expirationDate: "valid_untill",
    where: { column: "stauts", not: ["x"] },
  }
  const details = (columns: ReadonlyArray<{ readonly pointer: string; readonly detail: string }>) =>
    columns.map(({ detail, pointer }) => `${pointer}: ${detail}`)

  test("is named before the first row if the file has a header, with the nearest name", () => {
    const header = ["Mail", "opt", "valid_until", "status", "fay@example.com"]
    expect(details(mapperOf(mapping).missing(header))).toEqual([
      "/email: the file has no column mail; did you mean Mail?",
      "/expirationDate: the file has no column valid_untill; did you mean valid_until?",
      "/where: the file has no column stauts; did you mean status?",
    ])
    expect(details(mapperOf({ email: "phone" }).missing(header))).toEqual(["/email: the file has no column phone"])
    expect(details(mapperOf({ email: "fay@example.org" }).missing(header))).toEqual([
      "/email: the file has no column fay@example.org",
    ])
  })

  test("is named after the last row of JSON; a column that one row has is found", () => {
    const mapper = mapperOf(mapping)
    expect(mapper.unseen()).toEqual([])
    mapper.map({ mail: "a@example.com", valid_until: "x" })
    expect(details(mapper.unseen())).toEqual([
      "/consentState: the file has no column opt",
      "/expirationDate: the file has no column valid_untill; did you mean valid_until?",
      "/where: the file has no column stauts",
    ])
    mapper.map({ opt: {}, stauts: null })
    mapper.map({ valid_untill: "2024-01-01" })
    expect(details(mapper.unseen())).toEqual(["/consentState: no row has anything at /opt/in"])
  })

  test("of rows that are left out is not missed, because only the condition was read", () => {
    const mapper = mapperOf({ email: "mail", where: { column: "status", is: ["x"] } })
    mapper.map({ status: "y" })
    expect(mapper.unseen()).toEqual([])
  })

  test("has a field for what its rows lack inside a text", () => {
    const mapper = mapperOf({ consentState: "/purposes/Ads" })
    expect(mapper.missing(["purposes"])).toEqual([])
    mapper.map({ purposes: "{}" })
    expect(details(mapper.unseen())).toEqual(["/consentState: no row has anything at /purposes/Ads"])
  })
})

describe("A column that is not read", () => {
  const warned = (file: object, header: ReadonlyArray<string>) => {
    const mapper = mapperOf(file)
    mapper.missing(header)
    return mapper
      .warnings()
      .map((warning) => /^the column (.*) is not read: map (.*) to it/.exec(warning)?.slice(1).join(" "))
  }

  test("is warned of if it looks like an expiry or a member, unless the mapping says where that is", () => {
    const header = ["mail", "state", "expires_at", "Valid Until", "gültig_bis", "note", "user", "consent_data"]
    expect(warned({}, header)).toEqual([
      "mail email",
      "expires_at expirationDate",
      "Valid Until expirationDate",
      "gültig_bis expirationDate",
      "consent_data consentDate",
    ])
    expect(warned({ email: "mail", expirationDate: null, consentDate: "state" }, header)).toEqual([])
    expect(warned({}, ["email", "mail", "expirationDate", "expiry", "consentDate", "fay@expiry.example"])).toEqual([])
  })

  test("is warned of with at most 19 others", () => {
    const header = Array.from({ length: 2000 }, (_, index) => `expiry ${index}`)
    expect(warned({}, header)).toHaveLength(20)
  })

  test("is warned of in JSON, by the names of all rows", () => {
    const mapper = mapperOf({})
    mapper.map({ userId: "a" })
    expect(mapper.warnings()).toEqual([])
    mapper.map({ userId: "a", valid_to: "x" })
    expect(mapper.warnings()).toHaveLength(1)
    mapper.map({ expirationDate: null })
    expect(mapper.warnings()).toEqual([])
  })

  test("is a fault of the row if it is a member in another spelling", () => {
    const mapper = mapperOf({ consentDate: "when" })
    expect(read(mapper, { Email: "a", when: "x" })).toEqual(["email unknown", "consentDate invalid"])
    expect(read(mapper, { Email: "a", email: "b", "consent-date": "x" })).toEqual({
      consentAction: "import",
      email: "b",
    })
  })
})

test.each([
  [
    { mail: "email" },
    "/mail: no such member; there are projectUserId, userId, email, phoneNumber, concordId, consentType",
  ],
  [{ email: 1 }, "/email: expected the name of a column, null, { column, … } or { value }"],
  [
    { email: { colum: "a" } },
    "/email/colum: no such member; there are column, value, values, as, format, offset, zone",
  ],
  [{ email: {} }, "/email: needs column, the name of a column, or value, the same for every row"],
  [{ email: { column: "a", value: "b" } }, "/email/value: cannot be given together with column"],
  [{ email: { column: "a", values: { x: 1 } } }, "/email/values/x: expected what the value means, a text"],
  [
    { consentDate: { column: "a", offset: "CET" } },
    "/consentDate/offset: expected Z or an offset such as +01:00; give the name of a zone as zone",
  ],
  [{ consentDate: { column: "a", offset: "1h" } }, "/consentDate/offset: expected Z or an offset such as +01:00"],
  [
    { consentDate: { column: "a", zone: "Berlin" } },
    "/consentDate/zone: expected a zone of the IANA database, such as Europe/Berlin",
  ],
  [
    { consentDate: { column: "a", zone: "UTC", offset: "Z" } },
    "/consentDate/zone: cannot be given together with offset",
  ],
  [{ consentDate: { column: "a", as: "days" } }, "/consentDate/as: expected seconds, milliseconds or text"],
  [{ consentDate: { column: "a", as: "seconds", zone: "UTC" } }, "/consentDate/zone: cannot be given together with as"],
  [
    { consentDate: { column: "a", format: "dd.MM.yyyy" } },
    "/consentDate/format: has no offset (XXX) in it: give zone, such as Europe/Berlin, or offset with it",
  ],
  [
    { consentDate: { column: "a", format: "DD.MM.YYYY", zone: "UTC" } },
    "/consentDate/format: the format has no letters DD: there are y yy yyyy",
  ],
  [{ consentDate: { value: "x", zone: "UTC" } }, "/consentDate/zone: cannot be given together with value"],
  [{ email: { column: "a", zone: "UTC" } }, "/email/zone: is only for consentDate and expirationDate"],
  [{ email: { column: "a", defaultCountry: "DE" } }, "/email/defaultCountry: is only for phoneNumber"],
  [
    { phoneNumber: { column: "a", defaultCountry: "Germany" } },
    "/phoneNumber/defaultCountry: expected the code of a country in two capitals (ISO 3166-1), such as DE",
  ],
  [{ where: { column: "a" } }, "/where: needs either is or not, a list of values of the column"],
  [{ where: { column: "a", is: [], not: ["x"] } }, "/where/is: expected a list of values of the column"],
  [
    {
      where: [
        { column: "a", is: ["x"] },
        { colum: "a", is: ["x"] },
      ],
    },
    "/where/1/colum: no such member; there are column, is, not",
  ],
  [{ where: "x" }, "/where: expected { column, is } or { column, not }, or a list of these"],
  [{ sharedContacts: "merge" }, "/sharedContacts: expected leave-out"],
])("A mistake in a mapping is said once, with its place: %j", (file, expected) => {
  const decoded = Mapping.decode(file)
  const said = Result.isFailure(decoded) ? decoded.failure.map(({ detail, pointer }) => `${pointer}: ${detail}`) : []
  expect(said).toEqual([expect.stringContaining(expected)])
})
