"""Untrusted search: it proposes steps, and the kernel makes them or refuses."""
