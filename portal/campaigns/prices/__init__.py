"""What a campaign may cost: the rate card that the staff edit, and an estimate from it."""
