"""Programs: formulations written out as sparse exact programs, and as Pyomo models."""
