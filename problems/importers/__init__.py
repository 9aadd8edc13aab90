"""Published sets, brought in from a path that the user gives, with their faults made visible.

:func:`pyrite.problems.importers.importing.import_problems` is the entry; every layout has its own module.
"""
