"""Equivalence for all data: proved at the level of index families, with the problem's numbers and sets as symbols.

``lifted.lift`` is the way in. ``proving`` matches families and finds identities, ``checking`` holds every step of the
proof against written-out instances with symbolic numbers, and shares no code with it.
"""
