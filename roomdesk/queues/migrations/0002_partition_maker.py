"""A function that makes a month's partition with the owner's rights: the application's role may not create tables."""

from django.db import migrations

MAKE = """
CREATE FUNCTION roomdesk_make_partition(parent text, month date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  child text := parent || '_' || to_char(month, 'YYYY_MM');
  start_at timestamptz := date_trunc('month', month::timestamp) AT TIME ZONE 'UTC';
  end_at timestamptz := (date_trunc('month', month::timestamp) + interval '1 month') AT TIME ZONE 'UTC';
  grantee name;
BEGIN
  IF parent NOT IN ('record_message', 'audit_entry') THEN
    RAISE EXCEPTION '% is not a partitioned table of Roomdesk', parent;
  END IF;
  IF to_regclass(child) IS NOT NULL THEN RETURN false; END IF;
  EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', child, parent, start_at, end_at);
  -- Rights are those of the parent: a partition reached by its own name must not open what the parent closes.
  FOR grantee IN SELECT DISTINCT g.grantee FROM information_schema.role_table_grants g
                 WHERE g.table_schema = 'public' AND g.table_name = child AND g.grantee <> current_user LOOP
    EXECUTE format('REVOKE ALL ON %I FROM %I', child, grantee);
  END LOOP;
  RETURN true;
EXCEPTION
  -- Two processes at once, or rows of that month already in the default partition: both are fine as they are.
  WHEN duplicate_table OR check_violation OR unique_violation THEN RETURN false;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("queues", "0001_first")]
    operations = [migrations.RunSQL(MAKE, "DROP FUNCTION roomdesk_make_partition(text, date)")]
