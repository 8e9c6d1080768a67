"""Writing a message: the form, drafts, the preview, and what speaks against sending it."""
