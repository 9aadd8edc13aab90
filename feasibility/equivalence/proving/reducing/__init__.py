"""One program by itself, brought to a core by recorded reductions; evidence about the core maps back to the program."""
