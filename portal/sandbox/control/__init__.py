"""Control calls under /_control/: how tests and the demo turn the sandbox's dials."""
