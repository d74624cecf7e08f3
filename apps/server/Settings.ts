/**
 * What the environment sets. Every variable has a default; one that cannot be used is named, with what is expected.
 */
import { Config, Option, Schema } from "effect"
import * as Store from "../Store.ts"

const HeaderName = Schema.String.check(
  Schema.isPattern(/^[A-Za-z0-9-]+$/, { message: "expected the name of a header, such as cf-region-code" }),
)

const PortNumber = Schema.NumberFromString.check(
  Schema.makeFilter(
    (port) => (Number.isInteger(port) && port >= 0 && port <= 65_535) || "expected 0 to 65535; 0 takes any free port",
  ),
)

/** `HOST`, `PORT`, `ASSENT_STORE`, `ASSENT_GEOGRAPHY_HEADER`. */
export const settings = Config.all({
  host: Config.withDefault(Config.NonEmptyString("HOST"), "127.0.0.1"),
  port: Config.withDefault(Config.schema(PortNumber, "PORT"), 4000),
  store: Config.withDefault(Config.schema(Store.Url, "ASSENT_STORE"), Store.defaultUrl),
  geographyHeader: Config.map(
    Config.option(Config.schema(HeaderName, "ASSENT_GEOGRAPHY_HEADER")),
    Option.getOrUndefined,
  ),
})
