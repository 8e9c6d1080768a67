"""The database, the same on SQLite and PostgreSQL: engine, migrations, leases on rows, the queue."""
