"""Whether the portal is well: health checks, the doctor's findings, heartbeats, backlog, metrics."""
