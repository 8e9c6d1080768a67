"""How the suite runs: patience, marks, what is made once, what happens at the same moment."""
