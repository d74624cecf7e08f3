/**
 * The identity of the visitor: signing in with a proof of the site.
 */
import type { Identification } from "./ConsentClient.ts"
import type { Environment } from "./Environment.ts"
import type { LocalLedger } from "./LocalLedger.ts"
import type { Sender } from "./Sending.ts"
import type { Sync } from "./Sync.ts"

/** What identifying needs. */
export interface IdentifyingOptions {
  readonly base: string
  readonly ledger: LocalLedger
  readonly sending: Sender
  readonly sync: Pick<Sync, "run">
  readonly changed: () => void
}

/** A session lives for 30 minutes after its last use. */
const sessionMillis = 1_800_000

/** Signs the visitor in. Rejects where the server does not take the proof. */
export const identify = async (
  env: Environment,
  { base, changed, ledger, sending, sync }: IdentifyingOptions,
  identification: Identification,
): Promise<void> => {
  // What the guest chose belongs to the guest; what cannot be sent now goes with the guest's session.
  await sync.run()
  const post = async () =>
    env.send({
      method: "POST",
      url: `${base}/identify`,
      headers: { "content-type": "application/json", "x-session": (await sending.session()) ?? "" },
      body: JSON.stringify(identification),
    })
  let answer = await post()
  if (answer.status === 401 && sending.endSession()) answer = await post()
  if (answer.status !== 200) throw new Error(`not identified: ${answer.status}`)
  const { session: token } = answer.json as { readonly session: string }
  ledger.leave({ token, expiresAt: new Date(env.now() + sessionMillis).toISOString() })
  await sync.run(true)
  changed()
}
