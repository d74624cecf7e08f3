/**
 * Notes the versions of consent types that events name, because such a version keeps its number, and gives documents
 * numbers of their own, because the number of their version may change.
 *
 * A row that was written before has the version 0: events of the type are in the lane, and which versions they name is
 * not known. To find out, every event would have to be read.
 */
export const sql = `
  ALTER TABLE used_type RENAME TO used_type_before;
  CREATE TABLE used_type (
    lane INTEGER NOT NULL,
    consent_type BLOB NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (lane, consent_type, version)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO used_type SELECT lane, consent_type, 0 FROM used_type_before;
  DROP TABLE used_type_before;
  ALTER TABLE document RENAME COLUMN version TO number;
`
