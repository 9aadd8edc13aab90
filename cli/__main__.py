"""``python -m pyrite.cli``: for launchers such as ``accelerate launch -m pyrite.cli tune RECIPE``."""

from .main import main

main()
