"""Processes beside the tests: servers, workers, those that are killed, PostgreSQL."""
