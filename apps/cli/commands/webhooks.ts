/**
 * `assent webhooks`: what helps to write a receiver of webhooks.
 */
import { Command } from "effect/cli"
import { listen } from "./webhooksListen.ts"
import { attempt } from "./webhooksTry.ts"

/** The command. */
export const command = Command.make("webhooks").pipe(Command.withSubcommands([listen, attempt]))
