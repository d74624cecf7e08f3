/**
 * Notes the versions of consent types that events name, because such a version keeps its number, and gives documents
 * numbers of their own, because the number of their version may change.
 *
 * A row that was written before has the version 0: events of the type are in the lane, and which versions they name is
 * not known. To find out, every event would have to be read.
 */
export const sql = `
ALTER TABLE used_type ADD COLUMN version bigint NOT NULL DEFAULT 0;
ALTER TABLE used_type DROP CONSTRAINT used_type_pkey;
ALTER TABLE used_type ADD PRIMARY KEY (lane, consent_type, version);
ALTER TABLE used_type ALTER COLUMN version DROP DEFAULT;
ALTER TABLE document RENAME COLUMN version TO number;
`
