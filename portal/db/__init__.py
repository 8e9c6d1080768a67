"""The database, the same on SQLite and PostgreSQL: engine, units of work, leases, tasks, migrations."""
