"""Run every measurement with small defaults, or the ones that are named: `python -m bench [name ...]`."""

import importlib
import pkgutil
import sys

import bench


def main() -> None:
    """Run them one after the other."""
    found = [module.name for module in pkgutil.iter_modules(bench.__path__) if not module.name.startswith("_")]
    for name in sys.argv[1:] or found:
        print(f"== {name}")
        importlib.import_module(f"bench.{name}").main([])


if __name__ == "__main__":
    main()
