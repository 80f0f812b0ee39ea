"""Compiles the schemas of a package in a process of its own, and says which one does not.

A schema can be written so that compiling it takes hours or all memory, and nothing inside a
process can stop libxml2. Run as a script with the folder and the megabytes it may use; names of
files come in, one a line. Each is said again before it is compiled; the first one that does not
compile is followed by a JSON object, and ends it.
"""

import json
import resource
import sys
from pathlib import Path

from lxml import etree


def main(folder: Path, megabytes: int) -> int:
    """0 when all compile, 1 when one does not."""
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin:
        name = line.rstrip("\n")
        _say(name)
        problem = _problem(folder / name)
        if problem is not None:
            _say(problem)
            return 1
    return 0


def _problem(file: Path) -> dict[str, int | str | None] | None:
    """Line and reason; None when it compiles."""
    parser = etree.XMLParser(
        no_network=True, resolve_entities=False, load_dtd=False, huge_tree=False
    )
    try:
        etree.XMLSchema(etree.parse(file, parser))
    except MemoryError:
        return {"line": None, "why": "takes too much memory"}
    except etree.LxmlError as error:
        entry = next(iter(getattr(error, "error_log", ())), None)
        if entry is None:
            return {"line": None, "why": str(error)}
        return {"line": entry.line, "why": entry.message}
    return None


def _say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
