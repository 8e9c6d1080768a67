"""What becomes of a campaign: its page, its rows by state, its file, and sending again what failed."""
