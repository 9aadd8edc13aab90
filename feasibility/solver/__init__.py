"""Solving: HiGHS proposes, exact arithmetic decides; conflicts, rays and proofs."""
