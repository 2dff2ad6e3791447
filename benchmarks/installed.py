"""What an installation is made of: megabytes on the disk of each distribution, the largest first.

    python -m benchmarks.installed [REQUIREMENTS]

Counted is what a requirements file brings into the environment that runs this, with all that it
needs in turn, compiled files included; without REQUIREMENTS, what students install.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib import metadata, util
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from course import ROOT, USING

MB = 1e6
SHOWN = 8


def sizes(requirements: Path) -> dict[str, float]:
    """Megabytes by distribution, the largest first."""
    found = {name: _size(told) / MB for name, told in _needed(requirements).items()}
    return dict(sorted(found.items(), key=lambda told: -told[1]))


def _needed(requirements: Path) -> dict[str, metadata.Distribution]:
    """What is installed of that which a file names, and of what that needs in turn."""
    found: dict[str, metadata.Distribution] = {}
    waiting = list(_named(requirements))
    while waiting:
        asked = waiting.pop()
        name = canonicalize_name(asked.name)
        extras = asked.extras or {""}
        wanted = not asked.marker or any(asked.marker.evaluate({"extra": each}) for each in extras)
        if name not in found and wanted:
            with suppress(metadata.PackageNotFoundError):
                found[name] = metadata.distribution(asked.name)
                waiting += map(Requirement, found[name].requires or ())
    return found


def _named(requirements: Path) -> Iterator[Requirement]:
    for line in requirements.read_text("utf-8").splitlines():
        told, _, _ = line.partition("#")
        if told.startswith("-r"):
            yield from _named(requirements.parent / told.removeprefix("-r").strip())
        elif told.strip():
            yield Requirement(told)


def _size(distribution: metadata.Distribution) -> int:
    """Bytes of the files that it brought, and of those compiled from them."""
    paths = {Path(str(distribution.locate_file(file))) for file in distribution.files or ()}
    paths |= {Path(util.cache_from_source(str(path))) for path in paths if path.suffix == ".py"}
    return sum(path.stat().st_size for path in paths if path.is_file())


def main(requirements: Path = ROOT / USING) -> int:
    """Print the largest, and the sum of all."""
    found = sizes(requirements)
    for name, megabytes in list(found.items())[:SHOWN]:
        print(f"{name:20}{megabytes:8,.0f} MB")
    print(f"{f'all {len(found)}':20}{sum(found.values()):8,.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
