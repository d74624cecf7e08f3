/**
 * The requests to try the demonstration with, as commands of a shell. The README shows the same, and a test runs them.
 */

const path = "$ASSENT/privacy-v1/organizations/$ORGANIZATION/projects/$PROJECT"

const curl = (url: string, ...more: ReadonlyArray<string>): string =>
  [
    `curl "${path}/${url}"`,
    `  --header "x-api-key: $API_KEY" --header "Accept: application/json; indent=2"`,
    ...more,
  ].join(" \\\n")

const record = (consentState: string, consentDate: string): string =>
  curl(
    "consent-events",
    `  --header "Content-Type: application/json" \\
  --data '{"items":[{"email":"jo@example.com","category":"communication","subcategory":["email"],"label":"newsletter",
           "consentState":"${consentState}","consentAction":"user_click","consentDate":"${consentDate}"}]}'`,
  )

/** The comments and commands, which need the variables of {@link variables}. */
export const requests = [
  "# 1. In March a person says yes to the newsletter.",
  record("accepted", "2025-03-01T12:00:00Z"),
  "",
  "# 2. In June the same person says no.",
  record("declined", "2025-06-01T12:00:00Z"),
  "",
  "# 3. What counts now? The refusal wins, and the answer says why the yes lost.",
  curl("consent-decisions?email=jo%40example.com"),
  "",
  "# 4. What counted in April? The answer is as it was before the refusal.",
  curl("consent-decisions?email=jo%40example.com&at=2025-04-01T00:00:00Z"),
].join("\n")

/** The ids and the key of a demonstration. */
interface Demonstration {
  /** The address of the service. */
  readonly url: string
  readonly apiKey: string
  readonly organization: string
  readonly project: string
}

/** The variables of the requests, as commands of a shell. */
export const variables = ({ apiKey, organization, project, url }: Demonstration): string =>
  [`export ASSENT=${url} API_KEY=${apiKey}`, `export ORGANIZATION=${organization} PROJECT=${project}`].join("\n")
