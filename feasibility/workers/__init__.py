"""Processes that can be killed: the only limit that always holds. One pool for every task."""
