/**
 * What an API key may do: the one table of roles and permissions.
 *
 * `owner` everything; `admin` everything but API keys; `limited` reads all and records events; `viewer` reads; `none`
 * nothing. A key has one role, and may have another one in some projects.
 */

/** The roles, the mightiest first. */
export const roles = ["owner", "admin", "limited", "viewer", "none"] as const

/** One of the {@link roles}. */
export type Role = (typeof roles)[number]

/** What there is to be allowed. */
export type Permission =
  /** To see consent types, events, people, projects and answers. */
  | "read"
  /** To record events. */
  | "record"
  /** To set up the organization, projects and consent types, and to undo a join. */
  | "manage"
  /** To see, make, change and revoke API keys. */
  | "manage-keys"

/** What each role may do. */
export const permissions: { readonly [Holder in Role]: ReadonlyArray<Permission> } = {
  owner: ["read", "record", "manage", "manage-keys"],
  admin: ["read", "record", "manage"],
  limited: ["read", "record"],
  viewer: ["read"],
  none: [],
}

/** Whether a role may. */
export const may = (role: Role, permission: Permission): boolean => permissions[role].includes(permission)

/** The role of a key in a project, or, without one, in its organization. */
export const roleIn = (
  key: {
    readonly role: Role
    readonly permissions: ReadonlyArray<{ readonly projectId: string; readonly role: Role }>
  },
  projectId: string | undefined,
): Role => key.permissions.find((permission) => permission.projectId === projectId)?.role ?? key.role
