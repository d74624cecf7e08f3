/**
 * The rules of Citus for tables, in a PostgreSQL without Citus: two functions with the names and arguments of Citus's
 * own, which record their calls and refuse what Citus refuses. They move no rows.
 *
 * The rules are those of its documentation: the unique keys of a distributed table contain the distribution column,
 * colocated tables have distribution columns of the same type, and a table is distributed once.
 */
export const citusRules = `
CREATE TABLE public.citus_table (name regclass PRIMARY KEY, distribution_column text, colocated_with regclass);

CREATE FUNCTION public.refuse_keys_beyond(distributed regclass, distribution_column text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE key regclass;
BEGIN
  SELECT i.indexrelid::regclass INTO key FROM pg_index i WHERE i.indrelid = distributed AND i.indisunique AND NOT EXISTS (
    SELECT FROM pg_attribute a WHERE a.attrelid = distributed AND a.attname = distribution_column AND a.attnum = ANY (i.indkey));
  IF FOUND THEN RAISE EXCEPTION 'cannot create constraint on "%": % does not include the partition column', distributed, key; END IF;
END $$;

CREATE FUNCTION public.create_distributed_table(table_name regclass, distribution_column text, colocate_with text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE colocated regclass;
BEGIN
  PERFORM FROM pg_attribute WHERE attrelid = table_name AND attname = distribution_column AND NOT attisdropped;
  IF NOT FOUND THEN RAISE EXCEPTION 'column "%" of relation "%" does not exist', distribution_column, table_name; END IF;
  PERFORM public.refuse_keys_beyond(table_name, distribution_column);
  IF colocate_with <> 'none' THEN
    SELECT name INTO colocated FROM public.citus_table c JOIN pg_attribute a ON a.attrelid = c.name AND a.attname = c.distribution_column
      JOIN pg_attribute own ON own.attrelid = table_name AND own.attname = create_distributed_table.distribution_column
      WHERE c.name = colocate_with::regclass AND a.atttypid = own.atttypid;
    IF NOT FOUND THEN RAISE EXCEPTION 'cannot colocate tables % and %', colocate_with, table_name; END IF;
  END IF;
  INSERT INTO public.citus_table VALUES (table_name, distribution_column, colocated);
END $$;

CREATE FUNCTION public.create_reference_table(table_name regclass) RETURNS void LANGUAGE sql SECURITY DEFINER AS $$
  INSERT INTO public.citus_table VALUES (table_name, NULL, NULL) $$;

CREATE FUNCTION public.refuse_later_keys() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN PERFORM public.refuse_keys_beyond(name, distribution_column) FROM public.citus_table WHERE distribution_column IS NOT NULL; END $$;
CREATE EVENT TRIGGER refuse_later_keys ON ddl_command_end WHEN TAG IN ('CREATE INDEX', 'ALTER TABLE')
  EXECUTE FUNCTION public.refuse_later_keys();
`
