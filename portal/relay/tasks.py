"""What the worker does for the relay, and what follows on every event."""

from portal.db.task_registry import drained, swept
from portal.events.processing import acting
from portal.relay import fanout, replays, switching
from portal.relay.forwarding import ending, sending

acting.follows(fanout.fan_out)
drained(replays.advance, may_wait=True)
drained(sending.forward_due, sending.finish, may_wait=True)
swept(switching.settle, switching.unsettled)
swept(ending.end, ending.overdue)
