import { Refusal } from "../../../../apps/embed/index.ts" // in your own project: "assent/open"
import { consent, newsletter } from "../../consent.ts" // in your own project: "../../consent"

export const POST = async (request: Request): Promise<Response> => {
  const { email, consentState } = (await request.json()) as { email: string; consentState: "accepted" | "declined" }
  const ledger = await consent()
  try {
    const item = { ...newsletter, email, consentState, consentAction: "user_click" } as const
    return Response.json(await ledger.record(item))
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return Response.json({ violations: error.violations }, { status: 422 })
  }
}

export const GET = async (request: Request): Promise<Response> => {
  const email = new URL(request.url).searchParams.get("email") ?? ""
  return Response.json(await (await consent()).decide({ email }, { types: [newsletter] }))
}
