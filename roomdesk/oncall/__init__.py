"""Who is called when (R37–R42)."""
