/**
 * The roles of API keys and their permissions.
 *
 * `owner` may do everything; `admin` everything except managing API keys; `limited` may record events and read
 * everything, the personal data of a person too; `viewer` may read, but not everything that is held about a person;
 * `none` may do nothing. A key has one role, and may have a different one in some projects.
 */

/** The roles, the one with the most permissions first. */
export const roles = ["owner", "admin", "limited", "viewer", "none"] as const

/** One of the {@link roles}. */
export type Role = (typeof roles)[number]

/** An action that a role may permit. */
export type Permission =
  /** Read consent types, events, people, projects and answers. */
  | "read"
  /** Record events. */
  | "record"
  /** Read everything that is held about a person, personal data in clear. */
  | "handle"
  /** Erase the personal data of a person. */
  | "erase"
  /** Change the organization, projects and consent types, and undo a join. */
  | "manage"
  /** Read, create, change and revoke API keys. */
  | "manage-keys"

/** The permissions of each role. */
export const permissions: { readonly [Holder in Role]: ReadonlyArray<Permission> } = {
  owner: ["read", "record", "handle", "erase", "manage", "manage-keys"],
  admin: ["read", "record", "handle", "erase", "manage"],
  limited: ["read", "record", "handle"],
  viewer: ["read"],
  none: [],
}

/** Whether a role has a permission. */
export const may = (role: Role, permission: Permission): boolean => permissions[role].includes(permission)

/** The role of a key in a project; in its organization if `projectId` is `undefined`. */
export const roleIn = (
  key: {
    readonly role: Role
    readonly permissions: ReadonlyArray<{ readonly projectId: string; readonly role: Role }>
  },
  projectId: string | undefined,
): Role => key.permissions.find((permission) => permission.projectId === projectId)?.role ?? key.role
