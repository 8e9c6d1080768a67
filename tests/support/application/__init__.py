"""The portal under test: how tests make it, visit it and look at what it answers."""
