"""The sandbox's pages for a person: control page, mailbox, and the onboarding dialog."""
