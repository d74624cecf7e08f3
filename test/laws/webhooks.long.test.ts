/** The laws of `webhooks.test.ts` and `webhookAddresses.test.ts`, with all runs. */
import "./webhookAddresses.test.ts"
import "./webhooks.test.ts"
