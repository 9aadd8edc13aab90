"""Plans judged instead of formulations: values of named variables, held against every rule of the problem."""
