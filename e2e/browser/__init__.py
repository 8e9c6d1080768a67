"""What journeys do with a browser beside using pages: its contexts, its clock, its keyboard, what it may reach."""
