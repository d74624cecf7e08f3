/**
 * Keeps the kind of each alias, the project that it counts in, and the version of the normalization that it was hashed
 * with; and finds the aliases of a person. Each lies in the lane of its hash, so every lane is asked for the person.
 *
 * The kind of an alias that was claimed before is not known (`NULL`), because its hash does not tell. It is filled in
 * when the alias is claimed for its person again. The aliases of browsers are not in the indexes: nothing looks for
 * them, and they are the most.
 */
export const sql = `
ALTER TABLE alias ADD COLUMN kind text;
ALTER TABLE alias ADD COLUMN project uuid;
ALTER TABLE alias ADD COLUMN normalization bigint NOT NULL DEFAULT 1;
CREATE INDEX alias_person ON alias (lane, person) WHERE kind IS DISTINCT FROM 'contextId';
ALTER TABLE former_alias ADD COLUMN kind text;
ALTER TABLE former_alias ADD COLUMN project uuid;
ALTER TABLE former_alias ADD COLUMN is_renamed boolean NOT NULL DEFAULT false;
CREATE INDEX former_alias_person ON former_alias (lane, person) WHERE kind IS DISTINCT FROM 'contextId';
`
