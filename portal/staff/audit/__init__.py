"""The audit log for staff: its page, filter and export."""
