import { fastify } from "fastify"
import { open, type Item } from "../../apps/embed/index.ts" // in your own project: "assent/open"

const newsletter = { category: "communication", subcategory: "email", label: "newsletter" } as const
const ledger = await open(process.env["LEDGER"] ?? "sqlite:./consent.db", { name: "Shop", types: [newsletter] })
const app = fastify({ forceCloseConnections: "idle" }).addHook("onClose", () => ledger.close())
app.post<{ Body: Pick<Item, "email" | "consentState"> }>("/newsletter", ({ body: { email, consentState } }) =>
  ledger.record({ ...newsletter, email, consentState, consentAction: "user_click" }),
)
app.get<{ Params: { email: string } }>("/newsletter/:email", ({ params: { email } }) =>
  ledger.decide({ email }, { types: [newsletter] }),
)

await app.listen({ port: Number(process.env["PORT"] ?? 3000), host: "127.0.0.1" })
console.log(JSON.stringify(app.server.address()))
process.once("SIGTERM", () => void app.close())
