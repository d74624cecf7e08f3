/**
 * `assent webhooks listen`: a receiver of webhooks for development.
 */
import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import * as Signature from "../../../adapters/webhooks/Signature.ts"
import * as WholeNumber from "../../WholeNumber.ts"
import * as SecretFlag from "../SecretFlag.ts"
import * as WebhookListener from "../WebhookListener.ts"

const ports = WholeNumber.between(0, 65_535)
const counts = WholeNumber.between(0, 1_000_000)

const defaultPort = 9_000

/** Whether a text is the URL of a receiver. */
const isUrl = (text: string): boolean => URL.canParse(text) && /^https?:/.test(text)

/** The subcommand. */
export const listen = Command.make(
  "listen",
  {
    port: Flag.String("port").pipe(
      Flag.withMetavar("<port>"),
      Flag.withDescription(`The port of 127.0.0.1; by default ${defaultPort}; 0 takes any free one`),
      Flag.filterMap(ports.read, () => ports.expected),
      Flag.withDefault(defaultPort),
    ),
    secret: SecretFlag.flag("Check signatures with the webhook's secret (whsec_) or public key (whpk_)").pipe(
      Flag.optional,
    ),
    forward: Flag.String("forward").pipe(
      Flag.withMetavar("<url>"),
      Flag.withDescription("Send each delivery on to a receiver, and answer with its status"),
      Flag.filter(isUrl, () => "a URL, such as http://localhost:3000/hooks"),
      Flag.optional,
    ),
    fail: Flag.String("fail").pipe(
      Flag.withMetavar("<count>"),
      Flag.withDescription("Answer that many deliveries 503 first, to see them come again"),
      Flag.filterMap(counts.read, () => counts.expected),
      Flag.withDefault(0),
    ),
  },
  Effect.fnUntraced(function* ({ fail, forward, port, secret }) {
    const key = Option.isNone(secret)
      ? undefined
      : yield* SecretFlag.read(secret.value, Signature.readVerifying, Signature.expectedVerifying)
    yield* WebhookListener.run({ port, key, forward: Option.getOrUndefined(forward), fail })
  }),
).pipe(
  Command.withDescription("Receive webhooks on this machine: check, print and answer each delivery"),
  Command.withExamples([
    {
      command: "assent webhooks listen --secret - < secret.txt",
      description:
        "On http://127.0.0.1:9000, which the service may call with ASSENT_WEBHOOK_ALLOW=http://127.0.0.1:9000",
    },
    {
      command: "assent webhooks listen --forward http://localhost:3000/hooks --fail 3",
      description: "In front of your own receiver, after three failures",
    },
  ]),
)
