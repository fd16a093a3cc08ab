"""The report as Cobertura's XML, which build servers show.

In: a Coverage. Out: one document: a machine's file is a class, a state a method, and
what a state parts at are the conditions of its line.
Never: tells of a machine without a file, for which the format has no room; says when
it was made, so that the same coverage gives the same bytes.

http://cobertura.sourceforge.net/xml/coverage-04.dtd
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from asl.coverage.measure import Coverage, MachineCoverage
from asl.coverage.report import Line, by_file, lines_of

_HEAD = (
    '<?xml version="1.0" ?>\n'
    "<!DOCTYPE coverage SYSTEM "
    '"http://cobertura.sourceforge.net/xml/coverage-04.dtd">\n'
)


def write_cobertura(coverage: Coverage) -> str:
    """One package a folder, one class a file."""
    files = {file: lines_of(machines) for file, machines in by_file(coverage).items()}
    everything = [line for lines in files.values() for line in lines]
    root = ET.Element("coverage", _rates(everything, counts=True))
    root.set("version", "asl")
    root.set("timestamp", "0")
    ET.SubElement(ET.SubElement(root, "sources"), "source").text = "."
    packages = ET.SubElement(root, "packages")
    folders: dict[str, dict[str, list[Line]]] = {}
    for file, lines in files.items():
        folder = PurePosixPath(file).parent.as_posix()
        folders.setdefault(folder, {})[file] = lines
    for folder, inside in folders.items():
        together = [line for lines in inside.values() for line in lines]
        package = ET.SubElement(packages, "package", {"name": folder})
        package.attrib.update(_rates(together))
        classes = ET.SubElement(package, "classes")
        for file, lines in inside.items():
            _add_class(classes, file, lines, by_file(coverage)[file])
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode")
    return f"{_HEAD}{_FORBIDDEN.sub(_UNKNOWN, text)}\n"


_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_UNKNOWN = "\ufffd"


def _add_class(
    classes: ET.Element,
    file: str,
    lines: Sequence[Line],
    machines: Iterable[MachineCoverage],
) -> None:
    name = ", ".join(dict.fromkeys(machine.name for machine in machines))
    element = ET.SubElement(classes, "class", {"name": name, "filename": file})
    element.attrib.update(_rates(lines))
    methods = ET.SubElement(element, "methods")
    for line in lines:
        for place, hits in line.places:
            if place.kind == "state":
                rate = "1" if hits else "0"
                method = ET.SubElement(
                    methods,
                    "method",
                    {
                        "name": place.state,
                        "signature": "",
                        "line-rate": rate,
                        "branch-rate": rate,
                        "complexity": "0",
                    },
                )
                inner = ET.SubElement(method, "lines")
                attributes = {"number": str(line.number), "hits": str(hits)}
                ET.SubElement(inner, "line", attributes)
    within = ET.SubElement(element, "lines")
    for line in lines:
        _add_line(within, line)


def _add_line(lines: ET.Element, line: Line) -> None:
    branches = line.branches
    attributes = {"number": str(line.number), "hits": str(line.hits)}
    element = ET.SubElement(lines, "line", attributes)
    if len(branches) < 2:  # one way only: the line says it all
        element.set("branch", "false")
        return
    covered = sum(hits > 0 for _, hits in branches)
    share = f"{100 * covered // len(branches)}%"
    element.set("branch", "true")
    element.set("condition-coverage", f"{share} ({covered}/{len(branches)})")
    conditions = ET.SubElement(element, "conditions")
    attributes = {"number": "0", "type": "jump", "coverage": share}
    ET.SubElement(conditions, "condition", attributes)


def _rates(lines: Sequence[Line], *, counts: bool = False) -> dict[str, str]:
    """Rates of lines and branches, and of the whole the counts too."""
    parted = [line.branches for line in lines if len(line.branches) > 1]
    branches = [hits > 0 for group in parted for _, hits in group]
    reached = sum(line.hits > 0 for line in lines)
    rates = {
        "line-rate": _rate(reached, len(lines)),
        "branch-rate": _rate(sum(branches), len(branches)),
        "complexity": "0",
    }
    if counts:
        rates |= {
            "lines-covered": str(reached),
            "lines-valid": str(len(lines)),
            "branches-covered": str(sum(branches)),
            "branches-valid": str(len(branches)),
        }
    return rates


def _rate(covered: int, total: int) -> str:
    return f"{covered / total:.4g}" if total else "1"
