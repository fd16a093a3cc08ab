"""The real Mermaid reads what we write, and draws names as names (full).

Mermaid and jsdom are looked for in ASL_NODE_MODULES, then in ./node_modules; else npm
installs them into a folder below the system's one for temporary files.
"""

import json
import os
import shutil
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from gold_files import FOLDER
from test_definitions import FOLDER as PUBLISHED
from test_definitions import fill_in

import asl
from asl.diagrams.both import shape_of_both
from asl.diagrams.compare import compare
from asl.diagrams.lettering import plain
from asl.diagrams.mermaid import write_mermaid
from asl.diagrams.shape import Shape, build_shape

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MACHINES = sorted((FOLDER / "diagrams").glob("*.asl.yaml"))
WANTED = ("mermaid", "jsdom")

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def modules() -> Path:
    """A node_modules with Mermaid in it."""
    if shutil.which("node") is None:
        pytest.skip("needs node")
    own = Path(tempfile.gettempdir()) / "asl-node-modules"
    for folder in (
        Path(os.environ.get("ASL_NODE_MODULES") or "node_modules"),
        ROOT / "node_modules",
        own / "node_modules",
    ):
        if all((folder / name).is_dir() for name in WANTED):
            return folder.resolve()
    if shutil.which("npm") is None:
        pytest.skip("needs npm, or ASL_NODE_MODULES with mermaid and jsdom")
    install = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(own)]
    done = subprocess.run([*install, *WANTED], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"npm could not install mermaid: {done.stderr[-200:]}")
    return own / "node_modules"


def read_by_mermaid(texts: list[str], modules: Path) -> list[dict[str, Any]]:
    answer = subprocess.run(
        ["node", str(HERE / "real_mermaid.mjs"), str(modules)],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[dict[str, Any]] = json.loads(answer.stdout)
    return found


def check_all(shapes: list[Shape], texts: list[str], modules: Path) -> None:
    """Mermaid finds exactly the boxes, groups and arrows of each shape."""
    for shape, text, found in zip(
        shapes, texts, read_by_mermaid(texts, modules), strict=True
    ):
        assert "error" not in found, text
        name = {"end": "finish"}
        groups = {group.id for group in shape.groups}
        boxes = {id for id in found["boxes"] if not id.endswith("note")}
        assert boxes - groups == {name.get(node.id, node.id) for node in shape.nodes}
        assert sorted(found["groups"]) == sorted(groups)
        arrows = [tuple(one[:2]) for one in found["arrows"] if one[2] != "invisible"]
        assert Counter(arrows) == Counter(
            (name.get(edge.source, edge.source), name.get(edge.target, edge.target))
            for edge in shape.edges
        )


def test_mermaid_reads_our_machines(modules: Path) -> None:
    paths = [*MACHINES, *sorted((ROOT / "examples").rglob("*.asl.*"))]
    shapes = [build_shape(asl.load(path)) for path in paths]

    for direction in ("TB", "LR"):
        texts = [write_mermaid(shape, direction=direction) for shape in shapes]
        check_all(shapes, texts, modules)


def test_mermaid_reads_published_machines(modules: Path) -> None:
    if not PUBLISHED.is_dir():
        pytest.skip(f"the published definitions are not at {PUBLISHED}")
    shapes = [
        build_shape(asl.load(path, substitutions=fill_in(path)))
        for path in sorted(PUBLISHED.glob("*.asl.*"))
    ]

    check_all(shapes, [write_mermaid(shape) for shape in shapes], modules)


def test_mermaid_reads_comparisons(modules: Path) -> None:
    machines = [asl.load(path) for path in MACHINES]
    pairs = zip(machines, [*machines[1:], machines[0]], strict=True)
    drawn = [shape_of_both(compare(old, new)) for old, new in pairs]
    shapes = [shape for shape, _ in drawn]
    texts = [write_mermaid(shape, overlay=overlay) for shape, overlay in drawn]

    check_all(shapes, texts, modules)


DRAW = """async ([text, theme]) => {
  mermaid.initialize({startOnLoad: false, securityLevel: "strict", theme});
  const {svg} = await mermaid.render("drawn", text);
  const place = document.getElementById("place");
  place.innerHTML = svg;
  const labels = [...place.querySelectorAll(".nodeLabel")];
  const inside = labels.flatMap(one => [...one.querySelectorAll("*")]);
  return {
    labels: labels.map(one => one.innerText),
    tags: [...new Set(inside.map(one => one.tagName))],
    strangers: place.querySelectorAll("script,img,iframe,a,object").length,
  };
}"""


def test_names_are_drawn_as_names(modules: Path) -> None:
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="needs playwright and a browser"
    )
    browser_path = shutil.which("chromium") or shutil.which("google-chrome")
    if browser_path is None:
        pytest.skip("needs chromium")
    machine = asl.load(FOLDER / "diagrams" / "hostile.asl.yaml")
    names = [plain(state.name) for state in machine.all_states()]
    text = write_mermaid(build_shape(machine))
    dialogs: list[str] = []
    with playwright.sync_playwright() as tool:
        browser = tool.chromium.launch(
            executable_path=browser_path, args=["--no-sandbox"]
        )
        page = browser.new_page()
        page.on("dialog", lambda dialog: dialogs.append(dialog.message))
        page.set_content('<div id="place"></div>')
        page.add_script_tag(path=str(modules / "mermaid" / "dist" / "mermaid.min.js"))
        found = page.evaluate(DRAW, [text, "dark"])
        browser.close()

    drawn = ["".join(one.replace("\u2060", "").split()) for one in found["labels"]]
    assert dialogs == []
    assert found["strangers"] == 0
    assert set(found["tags"]) <= {"P", "BR"}
    for name in names:
        assert any(label.startswith("".join(name.split())) for label in drawn), name
