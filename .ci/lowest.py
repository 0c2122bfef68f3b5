"""Print the lowest version of each dependency that pyproject.toml allows, as constraints of pip: `click==8.1`."""

import re
import sys
import tomllib
from pathlib import Path

_BOUND = re.compile(r"\s*([A-Za-z0-9._-]+)\s*>=\s*([0-9.]+)")


def main() -> int:
    """Read the project's own dependencies, extras apart; exit status 1 if one has no lower bound."""
    project = tomllib.loads(Path(__file__).parents[1].joinpath("pyproject.toml").read_text(encoding="utf-8"))["project"]
    for dependency in project["dependencies"]:
        bound = _BOUND.match(dependency)
        if bound is None:
            print(f"pyproject.toml: '{dependency}' has no lower bound; write {dependency}>=VERSION", file=sys.stderr)
            return 1
        print(f"{bound[1]}=={bound[2]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
