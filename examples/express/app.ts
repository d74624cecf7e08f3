import express from "express"
import { open } from "../../apps/embed/index.ts" // in your own project: "assent/open"

const newsletter = { category: "communication", subcategory: "email", label: "newsletter" } as const
const ledger = await open(process.env["LEDGER"] ?? "sqlite:./consent.db", { name: "Shop", types: [newsletter] })
const app = express().use(express.json())
app.post("/newsletter", async ({ body: { email, consentState } }, answer) => {
  answer.json(await ledger.record({ ...newsletter, email, consentState, consentAction: "user_click" }))
})
app.get("/newsletter/:email", async ({ params: { email } }, answer) => {
  answer.json(await ledger.decide({ email }, { types: [newsletter] }))
})

const server = app.listen(Number(process.env["PORT"] ?? 3000), "127.0.0.1")
server.once("listening", () => console.log(JSON.stringify(server.address())))
process.once("SIGTERM", () => server.close(() => void ledger.close()))
