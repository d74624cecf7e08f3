import { Hono } from "hono"
import { open, Refusal } from "../../apps/embed/index.ts" // in your own project: "assent/open"

const newsletter = { category: "communication", subcategory: "email", label: "newsletter" } as const
const ledger = await open(process.env["LEDGER"] ?? "sqlite:./consent.db", { name: "Shop", types: [newsletter] })
const app = new Hono().onError((error, { json }) => json(error.message, error instanceof Refusal ? 422 : 503))
app.post("/newsletter", async ({ json, req }) => {
  const { email, consentState } = await req.json()
  return json(await ledger.record({ ...newsletter, email, consentState, consentAction: "user_click" }))
})
app.get("/newsletter/:email", async ({ json, req }) =>
  json(await ledger.decide({ email: req.param("email") }, { types: [newsletter] })),
)

app.mount("/consent", ledger.handler) // the HTTP API of the ledger, with a key of ledger.createKey
const { serve } = await import("@hono/node-server")
const port = Number(process.env["PORT"] ?? 3000)
const server = serve({ fetch: app.fetch, port, hostname: "127.0.0.1" }, (address) =>
  console.log(JSON.stringify(address)),
)
process.once("SIGTERM", () => server.close(() => void ledger.close()))
