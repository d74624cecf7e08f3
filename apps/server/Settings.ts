/**
 * What the environment sets. Every variable has a default; one that cannot be used is named, with what is expected.
 */
import { Config, Option, Schema } from "effect"
import * as RateLimit from "../../adapters/http/server/RateLimit.ts"
import * as Store from "../Store.ts"

const HeaderName = Schema.String.check(
  Schema.isPattern(/^[A-Za-z0-9-]+$/, { message: "expected the name of a header, such as cf-region-code" }),
)

const PortNumber = Schema.NumberFromString.check(
  Schema.makeFilter(
    (port) => (Number.isInteger(port) && port >= 0 && port <= 65_535) || "expected 0 to 65535; 0 takes any free port",
  ),
)

const Seconds = Schema.NumberFromString.check(
  Schema.makeFilter(
    (seconds) =>
      (Number.isInteger(seconds) && seconds >= 0 && seconds <= 86_400) || "expected whole seconds from 0 to 86400",
  ),
)

const QuotaText = Schema.String.check(
  Schema.isPattern(/^(off|0|[1-9]\d{0,8})$/, {
    message: "expected requests a minute, a whole number from 1 to 999999999; 0 or off sets no limit",
  }),
)

const quota = (name: string, quotaDefault: number | undefined) =>
  Config.schema(QuotaText, name).pipe(
    Config.map((text) => (text === "off" || text === "0" ? undefined : Number(text))),
    Config.withDefault(quotaDefault),
  )

/**
 * `HOST`, `PORT`, `ASSENT_STORE`, `ASSENT_GEOGRAPHY_HEADER`, `ASSENT_RATE_LIMIT_KEY`, `ASSENT_RATE_LIMIT_SESSION`,
 * `ASSENT_STATE_MAX_AGE`.
 */
export const settings = Config.all({
  host: Config.withDefault(Config.NonEmptyString("HOST"), "127.0.0.1"),
  port: Config.withDefault(Config.schema(PortNumber, "PORT"), 4000),
  store: Config.withDefault(Config.schema(Store.Url, "ASSENT_STORE"), Store.defaultUrl),
  geographyHeader: Config.map(
    Config.option(Config.schema(HeaderName, "ASSENT_GEOGRAPHY_HEADER")),
    Option.getOrUndefined,
  ),
  stateMaxAge: Config.withDefault(Config.schema(Seconds, "ASSENT_STATE_MAX_AGE"), 0),
  quotas: Config.all({
    key: quota("ASSENT_RATE_LIMIT_KEY", RateLimit.quotasDefault.key),
    session: quota("ASSENT_RATE_LIMIT_SESSION", RateLimit.quotasDefault.session),
  }),
})
