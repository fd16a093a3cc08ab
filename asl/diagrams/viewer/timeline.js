// The timeline: a row for each visit, nested ones below the state they stand in.

const TIMELINE_ROW = 24;
const OPEN_GROUPS = 12;

// Nodes {label, depth, visit, at, until, children, open}, groups for items and branches.
function timelineOf(data) {
  const { visits } = data.execution;
  const roots = [];
  const nodes = visits.map((visit, index) => ({
    label: visit.name, visit, index, depth: 0, groups: new Map(), children: [], open: true,
  }));
  for (const node of nodes) {
    const { parent, iteration } = node.visit;
    if (parent === null) {
      roots.push(node);
      continue;
    }
    const above = nodes[parent];
    const branch = data.states[node.visit.state]?.branch ?? null;
    const group = branch === null ? iteration : branch;
    if (group === null) {
      above.children.push(node);
      continue;
    }
    if (!above.groups.has(group)) {
      const label = branch === null ? `iteration ${group}` : `branch ${group}`;
      const made = { label, visit: null, depth: 0, children: [], open: true };
      above.groups.set(group, made);
      above.children.push(made);
    }
    above.groups.get(group).children.push(node);
  }
  for (const node of nodes) {
    for (const group of node.groups.values()) group.open = node.groups.size <= OPEN_GROUPS;
  }
  return roots;
}

function createTimeline({ choose }) {
  let data = null;
  let roots = [];
  let shown = [];
  let found = null;
  let byOrder = false;
  const ruler = make("div", { class: "v-ruler", "aria-hidden": "true" });
  const axis = button("Draw by event number or by time", "", () => {
    byOrder = !byOrder;
    refresh();
  });
  axis.classList.add("v-axis");
  const rows = createRows({
    label: "Timeline of visits",
    role: "tree",
    itemRole: "treeitem",
    height: TIMELINE_ROW,
    draw,
    choose: (index) => {
      if (shown[index].visit !== null) choose(shown[index].index);
    },
    key: onKey,
  });
  rows.element.classList.add("v-chart");
  const element = make(
    "div",
    { class: "v-timeline" },
    make("div", { class: "v-head" }, axis, ruler),
    rows.element,
  );

  // From and to on the axis, as shares of its length.
  function span(node) {
    const { events, seconds } = data.execution;
    if (node.visit === null) {
      const spans = node.children.map(span);
      return [
        Math.min(...spans.map(([from]) => from)),
        Math.max(...spans.map(([, to]) => to)),
      ];
    }
    const { at, until, entered, left } = node.visit;
    if (byOrder) {
      const all = Math.max(1, events.length);
      const last = left ?? lastInside(node, entered);
      return [(entered - 1) / all, last / all];
    }
    return [at / seconds, (until ?? seconds) / seconds];
  }

  // How an iteration or a branch ended.
  function outcomeOf(node) {
    const found = new Set(node.children.map((child) => child.visit.status));
    const worst = ["FAILED", "ABORTED", "RUNNING"].find((status) => found.has(status));
    return worst ?? "SUCCEEDED";
  }

  function lastInside(node, entered) {
    let last = entered;
    for (const attempt of node.visit.attempts) {
      last = Math.max(last, attempt.end ?? attempt.event);
    }
    const inner = (child) =>
      child.visit === null
        ? child.children.forEach(inner)
        : (last = Math.max(last, child.visit.left ?? lastInside(child, child.visit.entered)));
    node.children.forEach(inner);
    return last;
  }

  function place(bar, from, to) {
    bar.style.left = `${(from * 100).toFixed(3)}%`;
    bar.style.width = `${((to - from) * 100).toFixed(3)}%`;
    return bar;
  }

  function draw(row, index) {
    const node = shown[index];
    const { visit } = node;
    row.setAttribute("aria-level", node.depth + 1);
    if (node.children.length > 0) row.setAttribute("aria-expanded", String(node.open));
    const label = make("span", { class: "v-label" });
    label.style.paddingLeft = `${node.depth * 14 + 4}px`;
    const twist = make("span", { class: "v-twist", "aria-hidden": "true" });
    if (node.children.length > 0) {
      twist.textContent = node.open ? "▾" : "▸";
      twist.addEventListener("click", (event) => {
        event.preventDefault();
        toggle(node, !node.open);
      });
    }
    label.append(twist, make("bdi", {}, node.label));
    const track = make("span", { class: "v-track" });
    const [from, to] = span(node);
    if (visit === null) {
      const status = outcomeOf(node);
      label.append(make("span", { class: `v-sign v-${status.toLowerCase()}` }, SIGNS[status]));
      const kind = `v-bar v-group-bar v-${status.toLowerCase()}`;
      track.append(place(make("span", { class: kind }), from, to));
      row.classList.add("v-group-row");
      row.title = `${node.label}: ${WORDS[status]}`;
    } else {
      drawVisit(row, label, track, node, from, to);
    }
    row.append(label, track);
  }

  function drawVisit(row, label, track, node, from, to) {
    const { visit } = node;
    const { seconds } = data.execution;
    const status = visit.status.toLowerCase();
    const tries = visit.attempts.length;
    const took = secondsText((visit.until ?? seconds) - visit.at);
    const told = `${visit.name}: ${WORDS[visit.status]}, after ${secondsText(visit.at)},`
      + ` took ${took}${tries > 1 ? `, ${tries} attempts` : ""}`;
    row.title = told;
    row.setAttribute("aria-label", told);
    label.append(make("span", { class: `v-sign v-${status}` }, SIGNS[visit.status]));
    if (tries > 1) label.append(make("span", { class: "v-tries" }, `${tries}×`));
    const bar = place(make("span", { class: `v-bar v-${status}` }), from, to);
    track.append(bar);
    const whole = (visit.until ?? seconds) - visit.at;
    if (tries > 1 && !byOrder && whole > 0) {
      bar.classList.add("v-waiting");
      for (const one of visit.attempts) {
        const end = one.until ?? seconds;
        const part = make("span", { class: `v-try v-${one.status.toLowerCase()}` });
        bar.append(place(part, (one.at - visit.at) / whole, (end - visit.at) / whole));
      }
    }
    track.append(took === "0 s" ? "" : tag(from, to, took));
    if (found !== null) {
      const pointer = data.states[visit.state]?.pointer;
      row.classList.toggle("v-faded", !found.has(pointer));
    }
  }

  // The time taken stands behind the bar, or before it where there is more room.
  function tag(from, to, text) {
    const after = to < 0.85;
    const element = make("span", { class: "v-took" }, text);
    if (after) element.style.left = `calc(${(to * 100).toFixed(3)}% + 6px)`;
    else element.style.right = `calc(${((1 - from) * 100).toFixed(3)}% + 6px)`;
    element.hidden = !after && from < 0.15;
    return element;
  }

  function toggle(node, open) {
    node.open = open;
    refresh();
  }

  function onKey(key, index) {
    const node = shown[index];
    if (node === undefined) return false;
    if (key === "ArrowRight" && node.children.length > 0) toggle(node, true);
    else if (key === "ArrowLeft" && node.children.length > 0 && node.open) toggle(node, false);
    else if (key === "ArrowLeft") {
      const above = shown.findLastIndex((n, i) => i < index && n.depth < node.depth);
      if (above >= 0) rows.take(above);
    } else return false;
    return true;
  }

  function drawRuler() {
    const { seconds, events } = data.execution;
    const whole = byOrder ? events.length : seconds;
    const step = niceStep(whole / 8, byOrder);
    const ticks = [];
    for (let at = 0; at <= whole * 0.97; at += step) {
      const text = byOrder ? String(at + 1) : secondsText(at);
      const tick = make("span", { class: "v-tick" }, text);
      tick.style.left = `${((at / whole) * 100).toFixed(3)}%`;
      ticks.push(tick);
    }
    ruler.replaceChildren(...ticks);
    axis.textContent = byOrder ? "by event number" : "by time";
    axis.disabled = seconds === 0;
    if (seconds === 0) axis.title = "No time passed: drawn by event number";
  }

  function refresh() {
    shown = [];
    const walk = (node, depth) => {
      node.depth = depth;
      shown.push(node);
      if (node.open) for (const child of node.children) walk(child, depth + 1);
    };
    for (const root of roots) walk(root, 0);
    drawRuler();
    rows.refresh(shown.length);
  }

  function setData(newData) {
    const closed = new Map();
    const remember = (nodes, path) => {
      nodes.forEach((node, index) => {
        closed.set(`${path}/${index}`, node.open);
        remember(node.children, `${path}/${index}`);
      });
    };
    const restore = (nodes, path) => {
      nodes.forEach((node, index) => {
        node.open = closed.get(`${path}/${index}`) ?? node.open;
        restore(node.children, `${path}/${index}`);
      });
    };
    if (data !== null) remember(roots, "");
    else byOrder = newData.execution.seconds === 0;
    if (newData.execution.seconds === 0) byOrder = true;
    else if (data?.execution.seconds === 0) byOrder = false;
    data = newData;
    roots = timelineOf(data);
    restore(roots, "");
    refresh();
  }

  // Shows a visit as the chosen one, and opens what hides it.
  function select(number, show = true) {
    const path = pathTo(roots, number);
    if (path === null) {
      rows.activate(-1);
      return;
    }
    if (show && path.some((node) => !node.open)) {
      for (const node of path) node.open = true;
      refresh();
    }
    rows.activate(shown.findIndex((node) => node.index === number), show);
  }

  function pathTo(nodes, number) {
    for (const node of nodes) {
      if (node.index === number) return [];
      const inside = pathTo(node.children, number);
      if (inside !== null) return [node, ...inside];
    }
    return null;
  }

  function search(pointers) {
    found = pointers;
    rows.refresh();
  }

  return { element, setData, select, search, show: rows.show };
}

// 1, 2 or 5 times a power of ten; above a minute, what clocks have.
function niceStep(least, whole) {
  const clock = [60, 120, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400];
  if (!whole && least > 30) {
    const found = clock.find((step) => step >= least);
    if (found !== undefined) return found;
  }
  const unit = !whole && least > 86400 ? 86400 : 1;
  const power = 10 ** Math.floor(Math.log10(least / unit));
  const found = [1, 2, 5, 10].find((factor) => factor * power * unit >= least) * power * unit;
  return whole ? Math.max(1, Math.round(found)) : found;
}
