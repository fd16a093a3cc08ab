"""The report as one HTML file that needs nothing else: no server, script or network.

In: a Coverage, and the sources of its machines where they can still be read.
Out: a table of the machines; every source with its lines marked, and what of each line
was reached how often.
Never: lets a name or a source become markup.
"""

from collections.abc import Iterator, Sequence
from html import escape

from asl.coverage.measure import Coverage, MachineCoverage, Tally
from asl.coverage.places import KINDS, Place
from asl.coverage.report import Line, by_file, lines_of, percent_text, place_text

_STYLE = """
:root { color-scheme: light dark; --paper: light-dark(#fff, #12171e);
  --ink: light-dark(#1f2328, #e6edf3); --quiet: light-dark(#59636e, #9198a1);
  --line: light-dark(#d1d9e0, #3d444d); --panel: light-dark(#f6f8fa, #191f28);
  --full: light-dark(#2da44e, #3fb950); --part: light-dark(#bf8700, #d29922);
  --none: light-dark(#c21c2c, #f85149); --link: light-dark(#0969da, #4493f8) }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto;
  padding: 0 1rem; color: var(--ink); background: var(--paper) }
h1 { font-size: 1.6rem }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .3rem; overflow-wrap: anywhere }
a { color: var(--link); text-decoration: none }
a:hover { text-decoration: underline }
p { color: var(--quiet); margin: .3rem 0 }
table { border-collapse: collapse }
.machines { width: 100% }
th, td { text-align: right; padding: .35rem .8rem; border-bottom: 1px solid var(--line);
  font-variant-numeric: tabular-nums }
th { font-weight: 600; color: var(--quiet); font-size: .9em }
th:first-child, td:first-child { text-align: left; overflow-wrap: anywhere }
td:last-child, th:last-child { width: 8rem }
meter { width: 8rem; vertical-align: middle }
details { margin: .6rem 0 }
summary { font-weight: 600; cursor: pointer }
.missing { list-style: none; margin: .3rem 0; padding: 0;
  font: 13px/1.5 ui-monospace, monospace }
.source { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px;
  padding: .4rem 0; margin: .8rem 0 }
.source table { width: 100% }
.source td { font: 13px/1.5 ui-monospace, monospace; border: 0; padding: 0 .8rem;
  white-space: pre; text-align: left; vertical-align: top; width: auto }
.source td:last-child { width: 100% }
.source td:nth-child(-n+2) { text-align: right; color: var(--quiet); user-select: none }
.source .note { font: 12px/1.5 system-ui, sans-serif; color: var(--none) }
.source .note::before { content: "↳ " }
tr.full td:nth-child(3) { box-shadow: inset 4px 0 var(--full) }
tr.part td:nth-child(3) { box-shadow: inset 4px 0 var(--part);
  background: color-mix(in srgb, var(--part) 13%, transparent) }
tr.none td:nth-child(3) { box-shadow: inset 4px 0 var(--none);
  background: color-mix(in srgb, var(--none) 13%, transparent) }
tr:target td { background: color-mix(in srgb, var(--link) 18%, transparent) }
li { margin: .15rem 0; overflow-wrap: anywhere }
@media print {
  :root { color-scheme: light }
  body { max-width: none; margin: 0; font-size: 10pt; print-color-adjust: exact }
  .source { overflow: visible } .source td { font-size: 8pt; white-space: pre-wrap }
  tr { break-inside: avoid }
}
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
    yield '<table class="machines"><thead><tr><th>machine</th>'
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
            lines = lines_of([machine])
            yield from _missing(lines, number)
            yield from _source(text, lines, number)
        else:
            yield from _list(machine)


def _row(title: str, counted: Coverage | MachineCoverage) -> str:
    cells = "".join(f"<td>{_cell(counted.tally(kind))}</td>" for kind in KINDS)
    whole = counted.tally()
    meter = (
        '<meter min="0" low="60" high="90" optimum="100" max="100" '
        f'value="{whole.percent:.2f}"></meter>'
    )
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


def _missing(lines: Sequence[Line], machine: int) -> Iterator[str]:
    """What was never reached, each with a link to its line."""
    items = [
        f'<li><a href="#m{machine}l{line.number}">line {line.number}</a> '
        f"{escape(_named(place))}</li>"
        for line in lines
        for place, hits in line.places
        if not hits
    ]
    if items:
        yield f"<details open><summary>Never reached ({len(items)})</summary>"
        yield '<ul class="missing">'
        yield from items
        yield "</ul></details>"


def _named(place: Place) -> str:
    """A place with its state, where its text does not begin with it."""
    return place.text if place.kind == "state" else f"{place.state}: {place.text}"


def _source(text: str, lines: Sequence[Line], machine: int) -> Iterator[str]:
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
            f'<tr class="{mark}" id="m{machine}l{number}" title="{told}">'
            f"<td>{line.hits}×</td><td>{number}</td>"
            f"<td>{escape(content)}{notes}</td></tr>"
        )
    yield "</tbody></table></div>"
