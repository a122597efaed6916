"""The pages Reports: questions in figures, each of which leads to its cases (R57)."""
