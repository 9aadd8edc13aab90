"""``python -m benchmarks [NAME ...] [OPTIONS]``: runs every module here that has a ``main()`` and prints its tables."""

from __future__ import annotations

import importlib.util
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """The benchmarks, by file name."""
    return sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))


def run(name: str) -> None:
    """Import the module by its path (the clone may be called anything) and run its ``main``."""
    specification = importlib.util.spec_from_file_location(f"benchmarks.{name}", FOLDER / f"{name}.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module
    specification.loader.exec_module(module)
    if not hasattr(module, "main"):
        return
    print(f"\n## {name}: {(module.__doc__ or '').strip().splitlines()[0]}\n", flush=True)
    started = time.perf_counter()
    module.main()
    print(f"\n({name}: {time.perf_counter() - started:.1f} s)", flush=True)


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
    # A benchmark may import its neighbours.
    sys.path.insert(0, str(FOLDER))
    for name in wanted or known:
        sys.argv = [name, *options]
        run(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
