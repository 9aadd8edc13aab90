"""``python -m pyrite`` is the ``pyrite`` command."""

from .cli.main import main

main()
