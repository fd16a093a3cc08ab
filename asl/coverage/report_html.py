"""The report as one HTML file that needs nothing else: no server, script or network.

In: a Coverage, and the sources of its machines where they can still be read.
Out: a table of the machines; every source with its lines marked, and what of each line
was reached how often.
Never: lets a name or a source become markup.
"""

from collections.abc import Iterator, Sequence
from html import escape

from asl.coverage.measure import Coverage, MachineCoverage, Tally
from asl.coverage.places import KINDS
from asl.coverage.report import Line, by_file, lines_of, percent_text, place_text

_STYLE = """
:root { color-scheme: light dark; --full: #2da44e; --part: #d4a017; --none: #d1242f }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto;
  padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: right; padding: .25rem .6rem; border-bottom: 1px solid #8884 }
th:first-child, td:first-child { text-align: left }
meter { width: 6rem }
.source { overflow-x: auto }
.source td { font: 13px/1.4 ui-monospace, monospace; border: 0; padding: 0 .6rem;
  white-space: pre; text-align: left; vertical-align: top }
.source td:nth-child(-n+2) { text-align: right; opacity: .6; user-select: none }
.source .note { font: 12px/1.5 system-ui, sans-serif; color: var(--none) }
tr.full td:nth-child(3) { box-shadow: inset 4px 0 var(--full) }
tr.part td:nth-child(3) { box-shadow: inset 4px 0 var(--part); background: #d4a01722 }
tr.none td:nth-child(3) { box-shadow: inset 4px 0 var(--none); background: #d1242f22 }
li { margin: .15rem 0 }
""".strip()


def write_html(coverage: Coverage) -> str:
    """The whole report as one document."""
    body = "\n".join(_body(coverage))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        "<title>Coverage of state machines</title>\n"
        f"<style>\n{_STYLE}\n</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _body(coverage: Coverage) -> Iterator[str]:
    yield "<h1>Coverage of state machines</h1>"
    yield "<table><thead><tr><th>machine</th>"
    yield "".join(f"<th>{kind}s</th>" for kind in KINDS) + "<th>reached</th><th></th>"
    yield "</tr></thead><tbody>"
    for number, machine in enumerate(coverage.machines):
        link = f'<a href="#m{number}">{escape(machine.title)}</a>'
        yield _row(link, machine)
    if len(coverage.machines) != 1:
        yield _row("all", coverage)
    yield "</tbody></table>"
    shown = by_file(coverage)
    for number, machine in enumerate(coverage.machines):
        yield f'<h2 id="m{number}">{escape(machine.title)}</h2>'
        yield f"<p>{_run_text(machine)}</p>"
        text = coverage.find_source(machine.file) if machine.file else None
        if text is not None and machine.file in shown:
            yield from _source(text, lines_of([machine]))
        else:
            yield from _list(machine)


def _row(title: str, counted: Coverage | MachineCoverage) -> str:
    cells = "".join(f"<td>{_cell(counted.tally(kind))}</td>" for kind in KINDS)
    whole = counted.tally()
    meter = f'<meter min="0" max="100" value="{whole.percent:.2f}"></meter>'
    share = percent_text(whole)
    return f"<tr><td>{title}</td>{cells}<td>{share}</td><td>{meter}</td></tr>"


def _cell(tally: Tally) -> str:
    return f"{tally.covered}/{tally.total}" if tally.total else "–"


def _run_text(machine: MachineCoverage) -> str:
    count = machine.executions
    return f"run {count:,} time{'' if count == 1 else 's'}" if count else "never run"


def _list(machine: MachineCoverage) -> Iterator[str]:
    """Where there is no source to show: what is missing, by name."""
    missing = machine.missing()
    if missing:
        yield "<p>Never reached:</p><ul>"
        yield from (f"<li>{escape(place_text(machine, p))}</li>" for p in missing)
        yield "</ul>"


def _source(text: str, lines: Sequence[Line]) -> Iterator[str]:
    """The source with its lines marked; what is missing stands below its line."""
    marked = {line.number: line for line in lines}
    yield '<div class="source"><table><tbody>'
    for number, content in enumerate(text.splitlines(), 1):
        line = marked.get(number)
        if line is None:
            yield f"<tr><td></td><td>{number}</td><td>{escape(content)}</td></tr>"
            continue
        missing = [place for place, hits in line.places if not hits]
        mark = "full" if not missing else "part" if line.hits else "none"
        told = escape(
            "\n".join(f"{place.text}: {hits}×" for place, hits in line.places)
        )
        notes = "".join(
            f'\n<span class="note">never: {escape(place.text)}</span>'
            for place in missing
        )
        yield (
            f'<tr class="{mark}" title="{told}"><td>{line.hits}×</td><td>{number}</td>'
            f"<td>{escape(content)}{notes}</td></tr>"
        )
    yield "</tbody></table></div>"
