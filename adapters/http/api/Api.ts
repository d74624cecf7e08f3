/**
 * The HTTP API as one value: the server, the client and the OpenAPI description all follow from it.
 */
import { HttpApi, OpenApi } from "effect/http-api"
import { ApiKeys } from "./ApiKeys.ts"
import { ConsentTypes } from "./ConsentTypes.ts"
import { Open } from "./Open.ts"
import { Organizations } from "./Organizations.ts"
import { People } from "./People.ts"
import { Privacy } from "./Privacy.ts"
import { Site } from "./Site.ts"

/** Everything that is served. A query parameter nobody knows is an error; an unknown member of a body is passed over. */
export const Api = HttpApi.make("assent")
  .add(Privacy, ConsentTypes, People, Organizations, ApiKeys, Site, Open)
  .annotate(HttpApi.QueryParseOptions, { onExcessProperty: "error", errors: "all" })
  .annotateMerge(
    OpenApi.annotations({
      title: "Assent",
      version: "0.1.0",
      description: "Records what people agree to, and answers what their consent is, at any instant.",
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    }),
  )
