"""WhatsApp channels and webhooks."""
