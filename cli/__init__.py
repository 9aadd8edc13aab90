"""The command line: one small module a command. Nothing heavy is imported before the command that needs it runs."""
