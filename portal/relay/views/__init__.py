"""The pages of destinations: the form, one with its secret and its log, and sending an event again."""
