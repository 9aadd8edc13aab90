"""Looks for a proof that two programs are equivalent, or for the plan that tells them apart."""
