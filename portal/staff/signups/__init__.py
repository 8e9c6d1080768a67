"""Sign-ups under way, stuck or ended, and what staff decide about them."""
