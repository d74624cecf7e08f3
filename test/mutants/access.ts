/** Mutants of access: everything that is held about a person, and nothing else. */
import type { Part } from "./Mutant.ts"

export const access: Part = {
  folder: ".",
  tests: [
    "test/cli/erasures.test.ts",
    "test/faults/slowClients.test.ts",
    "test/http/longPerson.test.ts",
    "test/http/personData.test.ts",
    "test/http/roles.test.ts",
    "test/security/markers.test.ts",
    "test/security/personalInventory.test.ts",
  ],
  mutants: [
    [
      "core/people/HeldData.ts",
      "const shown = ({ alias: _alias, evidence, renamedTo: _renamedTo, ...data }: PersonalMembers) => ({",
      "const shown = ({ evidence, ...data }: PersonalMembers) => ({",
      "no hash and no secret",
    ],
    [
      "core/people/HeldData.ts",
      "Effect.all([store.people.aliasesOf(organization, some), store.people.contextsOf(organization, some)]),",
      "Effect.all([store.people.aliasesOf(organization, some)]),",
      "a guest that only its browser names",
    ],
    [
      "core/people/HeldData.ts",
      'JsonPages.member("sessions", sessions),',
      "JsonPages.text(',\"sessions\":[]'),",
      "access shows every value",
      "the sessions that are stored",
    ],
    [
      "core/people/HeldData.ts",
      "yield* Effect.mapError(context.keys.epoch, keysAway)",
      "yield* Effect.ignore(context.keys.epoch)",
      "while the keys are away",
    ],
    [
      "core/people/HeldData.ts",
      "const own = People.inOrder(facts).filter(({ member, survivor }) => all.has(member) || all.has(survivor))",
      "const own = People.inOrder(facts).filter(({ member }) => member === members[0])",
      "the sessions that are stored, and the facts",
    ],
    [
      "core/people/HeldEvents.ts",
      "return page.length < limit ? [] : [{ concordId, after: page.at(-1)! }]",
      "return []",
      "a person with more events than a page",
    ],
    [
      "core/people/HeldEvents.ts",
      "Stream.filterEffect((project) => hasEvents(people, project)),",
      "Stream.take(1),",
      "every event of every project",
    ],
    [
      "core/people/JsonPages.ts",
      'const comma = written > 0 && items.length > 0 ? "," : ""',
      'const comma = ""',
      "everything that is held about it is one answer",
    ],
    [
      "core/transfer/Restoring.ts",
      "const data = isErased ? withoutData(dataOf(line)) : dataOf(line)",
      "const data = dataOf(line)",
      "says what the erased ledger says",
    ],
    [
      "core/transfer/CarriedErasures.ts",
      "erasedBy([...kept, ...missing])",
      "erasedBy(missing)",
      "drops the personal data of everyone",
    ],
    [
      "adapters/http/server/Authorize.ts",
      "? [key.role, ...key.permissions.map(({ role }) => role)]",
      "? [key.role]",
      "GET /privacy-v1/organizations/:organizationId/people/:concordId/data",
    ],
    [
      "adapters/http/server/Deadline.ts",
      "if (each.wasEnded || isStuck) socket.destroy()",
      "if (each.wasEnded) socket.destroy()",
      "cuts off a client that stops reading an answer",
    ],
    [
      "adapters/http/server/Deadline.ts",
      "const isStuck = response.headersSent && response.writableLength > 0 && socket.bytesWritten === each.written",
      "const isStuck = response.headersSent && socket.bytesWritten === each.written",
      "leaves alone a client that waits for the next part",
    ],
    [
      "adapters/http/routes/PersonData.ts",
      'NodeHttpServerRequest.toServerResponse(request).once("close", giveBack)',
      "void giveBack",
      "HEAD is answered without a body",
    ],
  ],
}
