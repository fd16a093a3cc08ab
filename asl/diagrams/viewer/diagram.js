// The picture: zoom and pan, choosing a state, and marks on states.

const LEAST_ZOOM = 0.03;
const MOST_ZOOM = 10;
const READABLE_ZOOM = 0.7;
const DRAG_PIXELS = 4;
const ARROWS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

function createDiagram({ choose }) {
  const canvas = make("div", {
    class: "v-canvas",
    tabindex: 0,
    role: "group",
    "aria-label": "Diagram. Arrow keys move it, plus and minus zoom, F fits it.",
  });
  const tools = make(
    "div",
    { class: "v-tools", role: "toolbar", "aria-label": "Zoom" },
    button("Zoom in", "+", () => zoomCentre(1.25)),
    button("Zoom out", "−", () => zoomCentre(0.8)),
    button("Fit the diagram", "Fit", () => fit()),
  );
  const element = make("div", { class: "v-diagram" }, canvas, tools);
  let svg = null;
  let whole = { x: 0, y: 0, width: 1, height: 1 };
  let view = { x: 0, y: 0, zoom: 1 }; // the picture's point in the canvas's corner
  let places = new Map();
  let chosen = null;
  let onPaper = false;

  function setSvg(picture, names) {
    svg = picture;
    canvas.replaceChildren(svg);
    const box = svg.viewBox.baseVal;
    const before = whole;
    whole =
      box !== null && box.width > 0
        ? { x: box.x, y: box.y, width: box.width, height: box.height }
        : svg.getBBox();
    svg.removeAttribute("role");
    svg.setAttribute("aria-label", "States");
    places = new Map();
    for (const place of svg.querySelectorAll(".state, .group")) {
      const pointer = place.dataset.pointer;
      if (!names.has(pointer) || places.has(pointer)) continue;
      places.set(pointer, place);
      place.setAttribute("role", "button");
      place.setAttribute("tabindex", "-1");
      if (!place.hasAttribute("aria-label")) {
        place.setAttribute("aria-label", names.get(pointer));
      }
    }
    [...places.values()][0]?.setAttribute("tabindex", "0");
    const alike = ["x", "y", "width", "height"].every((one) => whole[one] === before[one]);
    if (alike) apply(); // a new picture of the same machine: the view stays
    else begin();
  }

  // ------------------------------------------------------------------ zoom and pan

  function apply() {
    const { clientWidth: width, clientHeight: height } = canvas;
    if (svg === null || onPaper || width === 0 || height === 0) return;
    const box = [view.x, view.y, width / view.zoom, height / view.zoom];
    svg.setAttribute("viewBox", box.join(" "));
  }

  function fitZoom() {
    const margin = 24;
    const across = (canvas.clientWidth - margin) / whole.width;
    const down = (canvas.clientHeight - margin) / whole.height;
    return Math.max(LEAST_ZOOM, Math.min(across, down, 1.5));
  }

  function centre(zoom) {
    view = {
      zoom,
      x: whole.x + whole.width / 2 - canvas.clientWidth / zoom / 2,
      y: whole.y + whole.height / 2 - canvas.clientHeight / zoom / 2,
    };
  }

  function fit() {
    centre(fitZoom());
    apply();
  }

  // At first: all of it, or its beginning where all of it could not be read.
  function begin() {
    const zoom = fitZoom();
    centre(Math.max(zoom, READABLE_ZOOM));
    const { clientWidth: width, clientHeight: height } = canvas;
    if (whole.height * view.zoom > height) view.y = whole.y - 12;
    apply();
    const [start] = places.values();
    if (whole.width * view.zoom > width && start !== undefined) reveal(start);
    apply();
  }

  function zoomAt(factor, x, y) {
    const zoom = Math.max(LEAST_ZOOM, Math.min(MOST_ZOOM, view.zoom * factor));
    view.x += x / view.zoom - x / zoom;
    view.y += y / view.zoom - y / zoom;
    view.zoom = zoom;
    apply();
  }

  function zoomCentre(factor) {
    zoomAt(factor, canvas.clientWidth / 2, canvas.clientHeight / 2);
  }

  function pan(x, y) {
    view.x -= x / view.zoom;
    view.y -= y / view.zoom;
    apply();
  }

  // Moves as little as it can: what is in sight, or fills it, stays where it is.
  function reveal(place) {
    const seen = canvas.getBoundingClientRect();
    const box = place.getBoundingClientRect();
    const shift = (from, to, low, high) => {
      if ((from >= low && to <= high) || (from <= low && to >= high)) return 0;
      const fits = to - from < high - low;
      return fits ? (low + high - from - to) / 2 : low - from + 16;
    };
    pan(
      shift(box.left, box.right, seen.left, seen.right),
      shift(box.top, box.bottom, seen.top, seen.bottom),
    );
  }

  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const box = canvas.getBoundingClientRect();
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 30 : 1;
      const speed = event.ctrlKey ? 0.01 : 0.0015; // a pinch on a touchpad has ctrlKey
      const factor = Math.exp(-event.deltaY * lines * speed);
      zoomAt(factor, event.clientX - box.left, event.clientY - box.top);
    },
    { passive: false },
  );

  const fingers = new Map();
  let travelled = 0;
  let dragged = false;

  canvas.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && event.button !== 0) return;
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
    if (fingers.size === 1) {
      travelled = 0;
      dragged = false;
    }
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (before === undefined) return;
    const [x, y] = [event.clientX, event.clientY];
    const other = [...fingers].find(([number]) => number !== event.pointerId)?.[1];
    travelled += Math.hypot(x - before[0], y - before[1]);
    fingers.set(event.pointerId, [x, y]);
    if (travelled < DRAG_PIXELS && other === undefined) return;
    if (!dragged) {
      dragged = true;
      canvas.setPointerCapture(event.pointerId);
      canvas.classList.add("v-dragged");
    }
    if (other === undefined) {
      pan(x - before[0], y - before[1]);
      return;
    }
    const box = canvas.getBoundingClientRect();
    const was = Math.hypot(before[0] - other[0], before[1] - other[1]);
    const is = Math.hypot(x - other[0], y - other[1]);
    pan((x - before[0]) / 2, (y - before[1]) / 2);
    if (was > 0 && is > 0) {
      zoomAt(is / was, (x + other[0]) / 2 - box.left, (y + other[1]) / 2 - box.top);
    }
  });
  for (const kind of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(kind, (event) => {
      fingers.delete(event.pointerId);
      if (fingers.size === 0) canvas.classList.remove("v-dragged");
    });
  }
  new ResizeObserver(apply).observe(canvas);

  // ------------------------------------------------------------- choosing and keys

  function placeOf(node) {
    for (let at = node; at !== null && at !== canvas; at = at.parentElement) {
      const pointer = at.dataset?.pointer;
      if (pointer !== undefined && places.get(pointer) === at) return at;
    }
    return null;
  }

  canvas.addEventListener("click", (event) => {
    if (dragged) {
      dragged = false;
      return;
    }
    const place = placeOf(event.target);
    if (place !== null) choose(place.dataset.pointer);
  });

  function neighbour(place, [right, down]) {
    const middle = (one) => {
      const box = one.getBoundingClientRect();
      return [box.left + box.width / 2, box.top + box.height / 2];
    };
    const [x, y] = middle(place);
    let nearest = null;
    let least = Infinity;
    for (const other of places.values()) {
      if (other === place) continue;
      const [otherX, otherY] = middle(other);
      const ahead = (otherX - x) * right + (otherY - y) * down;
      const aside = Math.abs((otherX - x) * down) + Math.abs((otherY - y) * right);
      if (ahead > 1 && ahead + 2 * aside < least) {
        nearest = other;
        least = ahead + 2 * aside;
      }
    }
    return nearest;
  }

  function focus(place) {
    for (const other of places.values()) other.setAttribute("tabindex", "-1");
    place.setAttribute("tabindex", "0");
    place.focus({ preventScroll: true });
  }

  canvas.addEventListener("focusin", (event) => {
    canvas.scrollTo(0, 0);
    const place = placeOf(event.target);
    if (place !== null && place.matches(":focus-visible")) reveal(place);
  });
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const place = placeOf(event.target);
    const way = ARROWS[event.key];
    if (way !== undefined && place !== null && !event.shiftKey) {
      const next = neighbour(place, way);
      if (next !== null) focus(next);
    } else if (way !== undefined) pan(-way[0] * 60, -way[1] * 60);
    else if (event.key === "+" || event.key === "=") zoomCentre(1.25);
    else if (event.key === "-") zoomCentre(0.8);
    else if (event.key === "f" || event.key === "F") fit();
    else if (event.key === "0") zoomCentre(1 / view.zoom);
    else if ((event.key === "Enter" || event.key === " ") && place !== null) {
      choose(place.dataset.pointer);
    } else return;
    event.preventDefault();
  });

  // -------------------------------------------------------------------------- marks

  function frame(place, kind) {
    const box = place.getBBox();
    const rect = document.createElementNS(SVG, "rect");
    const room = kind === "v-frame" ? 5 : 2;
    rect.setAttribute("class", kind);
    rect.setAttribute("x", box.x - room);
    rect.setAttribute("y", box.y - room);
    rect.setAttribute("width", box.width + 2 * room);
    rect.setAttribute("height", box.height + 2 * room);
    rect.setAttribute("rx", 8);
    place.append(rect);
  }

  function unframe(kind) {
    for (const rect of [...canvas.querySelectorAll(`rect.${kind}`)]) rect.remove();
  }

  // Chooses a state, or none (null).
  function select(pointer) {
    unframe("v-frame");
    for (const place of places.values()) place.removeAttribute("aria-pressed");
    chosen = pointer;
    for (const edge of svg?.querySelectorAll(".edge") ?? []) {
      const { from, to } = edge.dataset;
      const near = pointer !== null && (from === pointer || to === pointer);
      edge.classList.toggle("v-near", near);
    }
    const place = places.get(pointer);
    if (place === undefined) return;
    frame(place, "v-frame");
    place.setAttribute("aria-pressed", "true");
    for (const other of places.values()) other.setAttribute("tabindex", "-1");
    place.setAttribute("tabindex", "0");
    reveal(place);
  }

  // Shows how the last visit of each state stands: a Map of pointer → status.
  function mark(statuses) {
    unframe("v-mark");
    const again = chosen;
    unframe("v-frame");
    for (const [pointer, status] of statuses) {
      const place = places.get(pointer);
      if (place !== undefined) frame(place, `v-mark v-${status.toLowerCase()}`);
    }
    if (again !== null && places.has(again)) frame(places.get(again), "v-frame");
  }

  // Fades all states but the found ones; null: none is looked for.
  function search(found) {
    const around = new Set();
    for (const pointer of found ?? []) {
      for (const [other, place] of places) {
        if (place.classList.contains("group") && pointer.startsWith(`${other}/`)) {
          around.add(place);
        }
      }
    }
    for (const [pointer, place] of places) {
      const faded = found !== null && !found.has(pointer) && !around.has(place);
      place.classList.toggle("v-faded", faded);
      place.classList.toggle("v-found", found !== null && found.has(pointer));
    }
  }

  // For paper: the whole picture; gives back what undoes it.
  function showWhole() {
    onPaper = true;
    svg?.setAttribute("viewBox", [whole.x, whole.y, whole.width, whole.height].join(" "));
    return () => {
      onPaper = false;
      apply();
    };
  }

  return { element, canvas, setSvg, select, mark, search, fit, showWhole };
}
