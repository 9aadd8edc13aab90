"""The second way to a solver: indexed Pyomo models, and the solvers that Pyomo finds."""
