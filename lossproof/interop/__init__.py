"""The way out of terms and into them: numbers, SymPy, and ball arithmetic for tests."""
