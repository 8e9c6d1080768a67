"""What is read from the code itself: templates, styles, sentences."""
