"""The receivers, the event log's pages, and the choice of what the portal itself watches."""
