"""``python -m benchmarks [NAME ...] [OPTIONS]``: runs every module here that has a ``main()`` and prints its tables."""

from __future__ import annotations

import importlib
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """The benchmarks, by file name."""
    return sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))


def run(name: str) -> None:
    """Import the module and run its ``main``."""
    module = importlib.import_module(f"benchmarks.{name}")
    if not hasattr(module, "main"):
        return
    # With --json standard output holds the benchmark's numbers alone.
    told = sys.stderr if "--json" in sys.argv else sys.stdout
    print(f"\n## {name}: {(module.__doc__ or '').strip().splitlines()[0]}\n", file=told, flush=True)
    started = time.perf_counter()
    module.main()
    print(f"\n({name}: {time.perf_counter() - started:.1f} s)", file=told, flush=True)


def main() -> int:
    """Run what the command line names, or everything. Options after one name go to that benchmark."""
    known = names()
    words = sys.argv[1:]
    first = next((i for i, word in enumerate(words) if word.startswith("-")), len(words))
    wanted, options = words[:first], words[first:]
    unknown = [name for name in wanted if name not in known]
    if unknown:
        print(f"no benchmark {unknown[0]!r}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    if options and len(wanted) != 1:
        print("options go with the name of one benchmark", file=sys.stderr)
        return 2
    for name in wanted or known:
        sys.argv = [name, *options]
        run(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
