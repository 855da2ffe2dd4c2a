-- Pages of the journal follow an index of positions and stop early. While a leaf has no statistics, as for its first minute,
-- the planner takes a tenant for rare and would rather collect all that it has, for each page again. So the tenant of a
-- reader is compared in a way that fits no index; whoever reads one stream says `tenant =` and finds it by its index.
alter policy reader_tenant on journal.events using (tenant || '' = current_setting('daybook.tenant'));
