"""The sandbox's pages for a person: control page, mailbox, phone, and the onboarding dialog."""
