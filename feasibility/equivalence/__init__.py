"""Stage 9: does a formulation admit the same plans as the reference, in the same order of preference? With evidence.

``prover.compare`` decides, ``checker.check`` re-checks what it says in exact arithmetic and shares no code with it.
"""
