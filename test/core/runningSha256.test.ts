/** The running SHA-256 is that of Node, for bytes in any pieces. */
import { createHash } from "node:crypto"
import fc from "fast-check"
import { expect, test } from "vitest"
import * as RunningSha256 from "../../core/ledger/RunningSha256.ts"

test("the default digest is that of Node, whatever the pieces are", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 150 }), { maxLength: 6 }), (pieces) => {
      const running = RunningSha256.make()
      for (const piece of pieces) running.add(piece)
      expect(running.hex()).toBe(createHash("sha256").update(Buffer.concat(pieces)).digest("hex"))
    }),
  )
})
