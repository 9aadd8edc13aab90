"""Power grids as problems: the IEEE cases with loads drawn around the base case, whole or with one part out."""
