"""Re-checks what a proof of equivalence claims, in exact arithmetic, and shares no code with ``proving``."""
