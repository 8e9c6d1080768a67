"""Whether the portal is well: health checks, the doctor, heartbeats, backlog, metrics."""
