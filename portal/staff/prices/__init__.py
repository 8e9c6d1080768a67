"""The rate card: what a message costs in each country, from which day on."""
