"""Studies: recipes with axes, a fair search of rates, cells that can be carried elsewhere, and one table."""
