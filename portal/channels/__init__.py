"""WhatsApp channels, and connecting one through Connexease's dialog."""
