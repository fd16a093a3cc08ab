// The whole viewer: createViewer(element, data) shows the data, update(data) newer data.
//
// The element may hold the picture already; else data.svg is its text. The data's members
// are described in view.py.

const THEMES = ["auto", "light", "dark"];
const KEYS = [
  ["/", "search"],
  ["Enter, in the search", "next state that was found"],
  ["Esc", "clear the search, or choose nothing"],
  ["Tab, arrow keys", "from state to state; in lists from row to row"],
  ["Enter, Space", "choose a state"],
  ["Shift + arrow keys", "move the diagram"],
  ["+  −  0  F", "zoom in, out, to its own size; fit"],
  ["← →, in the timeline", "close and open a row"],
  ["T  E", "timeline, events"],
  ["?", "these keys"],
];

function createViewer(element, firstData) {
  let data = null;
  let selection = { pointer: null, visit: null, event: null };
  let query = "";
  let found = null;
  let step = -1;
  let shownDetails = "";

  const diagram = createDiagram({ choose: (pointer) => choose({ pointer }) });
  const details = createDetails({
    chooseVisit: (visit) => choose({ visit }),
    chooseState: (pointer) => choose({ pointer }),
  });
  const timeline = createTimeline({ choose: (visit) => choose({ visit }) });
  const events = createEvents({ choose: (event) => choose({ event }) });

  // -------------------------------------------------------------------------- header

  const title = make("h1", {});
  const summary = make("span", { class: "v-summary" });
  const input = make("input", {
    type: "search",
    placeholder: "Search states and events",
    "aria-label": "Search states and events",
    spellcheck: "false",
    autocomplete: "off",
    oninput: () => search(input.value),
    onkeydown: onSearchKey,
  });
  const counts = make("output", { class: "v-counts", "aria-live": "polite" });
  const theme = button("", "", nextTheme);
  const help = make(
    "dialog",
    { class: "v-help", "aria-label": "Keys" },
    make("h2", {}, "Keys"),
    make("dl", {}, ...KEYS.flatMap(([keys, what]) => [
      make("dt", {}, make("kbd", {}, keys)),
      make("dd", {}, what),
    ])),
    make("form", { method: "dialog" }, make("button", {}, "Close")),
  );
  const header = make(
    "header",
    { class: "v-header" },
    title,
    summary,
    make("div", { class: "v-search", role: "search" }, input, counts),
    theme,
    button("Keys", "?", () => help.showModal()),
  );

  // -------------------------------------------------------------------- lower panel

  const panels = { timeline, events };
  const tabs = {};
  for (const [name, text] of [["timeline", "Timeline"], ["events", "Events"]]) {
    const panel = newId();
    tabs[name] = make(
      "button",
      { type: "button", role: "tab", id: newId(), "aria-controls": panel },
      text,
    );
    tabs[name].addEventListener("click", () => showPanel(name));
    panels[name].element.id = panel;
    panels[name].element.setAttribute("role", "tabpanel");
    panels[name].element.setAttribute("aria-labelledby", tabs[name].id);
  }
  const tablist = make("div", { class: "v-tabs", role: "tablist" }, ...Object.values(tabs));
  tablist.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    showPanel(tabs.timeline.ariaSelected === "true" ? "events" : "timeline", true);
    event.preventDefault();
  });
  const lower = make(
    "section",
    { class: "v-lower", "aria-label": "Execution" },
    tablist,
    timeline.element,
    events.element,
  );

  function showPanel(name, focus = false) {
    for (const [other, tab] of Object.entries(tabs)) {
      const shown = other === name;
      tab.setAttribute("aria-selected", String(shown));
      tab.setAttribute("tabindex", shown ? "0" : "-1");
      panels[other].element.hidden = !shown;
      if (shown && focus) tab.focus();
    }
    if (data !== null && data.execution !== null) panels[name].show();
  }

  // ------------------------------------------------------------------------ choosing

  // Chooses a state (by pointer), a visit or an event; the rest follows from it.
  function choose({ pointer = null, visit = null, event = null }) {
    const execution = data.execution;
    if (event !== null) visit = execution.events[event].visit;
    if (visit !== null) pointer = data.states[execution.visits[visit].state]?.pointer ?? null;
    else if (pointer !== null && event === null && execution !== null) {
      const first = execution.visits.findIndex(
        (one) => data.states[one.state]?.pointer === pointer,
      );
      visit = first < 0 ? null : first;
    }
    selection = { pointer, visit, event };
    showSelection();
  }

  // After an update nothing moves by itself, and what has not changed stays as it is.
  function showSelection(moves = true) {
    const { pointer, visit, event } = selection;
    const { execution } = data;
    if (moves) diagram.select(pointer);
    const told = pointer === null && event === null ? execution : execution?.visits[visit];
    const same = JSON.stringify([selection, told?.status, told?.attempts]);
    if (moves || same !== shownDetails) details.show(data, selection);
    shownDetails = same;
    if (execution === null) return;
    timeline.select(visit, moves);
    events.select(visit, event, moves);
  }

  // --------------------------------------------------------------------------- search

  function search(text) {
    query = text.trim().toLowerCase();
    step = -1;
    found = null;
    if (query !== "") {
      const has = (state) =>
        [state.name, state.type, state.comment, state.resource].some(
          (part) => part !== null && textOf(part).toLowerCase().includes(query),
        );
      found = new Set(data.states.filter(has).map((state) => state.pointer));
    }
    showSearch();
  }

  function showSearch() {
    const seen = found !== null && found.size > 0 ? found : null;
    diagram.search(seen);
    const parts = found === null ? [] : [countText(found.size, "state")];
    if (data.execution !== null) {
      timeline.search(seen);
      const count = events.search(query);
      if (found !== null) parts.push(countText(count, "event"));
    }
    counts.textContent = parts.join(" · ");
  }

  function onSearchKey(event) {
    if (event.key === "Enter" && found !== null) {
      if (found.size > 0) {
        step = (step + (event.shiftKey ? found.size - 1 : 1)) % found.size;
        if (step < 0) step = found.size - 1;
        choose({ pointer: [...found][step] });
      } else if (data.execution !== null) {
        showPanel("events");
        events.focusFirst();
      }
    } else if (event.key === "ArrowDown" && data.execution !== null) {
      showPanel("events");
      events.focusFirst();
    } else if (event.key === "Escape") {
      input.value = "";
      search("");
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // ------------------------------------------------------------------ theme and paper

  const root = document.documentElement;

  function nextTheme() {
    const now = THEMES.indexOf(root.dataset.theme ?? "auto");
    showTheme(THEMES[(now + 1) % THEMES.length]);
  }

  function showTheme(name) {
    root.dataset.theme = name;
    const told = `Theme: ${name}`;
    theme.textContent = told;
    theme.title = "Change the theme";
    theme.setAttribute("aria-label", told);
    // The picture has its own dark colours behind a media query.
    const media = { auto: "screen and (prefers-color-scheme: dark)", light: "not all",
      dark: "screen" };
    for (const sheet of diagram.element.querySelectorAll("svg style")) {
      for (const rule of sheet.sheet?.cssRules ?? []) {
        const asks = rule.media !== undefined && (rule.isDark ?? rule.media.mediaText
          .includes("prefers-color-scheme: dark"));
        if (!asks) continue;
        rule.isDark = true;
        rule.media.mediaText = media[name];
      }
    }
  }

  let paper = null;
  let asBefore = () => {};
  const onBeforePrint = () => {
    paper?.remove();
    paper = paperOf(data);
    element.append(paper);
    asBefore = diagram.showWhole();
  };
  const onAfterPrint = () => {
    paper?.remove();
    asBefore();
  };
  addEventListener("beforeprint", onBeforePrint);
  addEventListener("afterprint", onAfterPrint);

  // ----------------------------------------------------------------------------- keys

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    if (event.target instanceof HTMLInputElement) return;
    const key = event.key.toLowerCase();
    if (key === "/") input.focus();
    else if (key === "?") help.showModal();
    else if (key === "escape") choose({});
    else if (key === "t" && data.execution !== null) showPanel("timeline", true);
    else if (key === "e" && data.execution !== null) showPanel("events", true);
    else return;
    event.preventDefault();
  }
  document.addEventListener("keydown", onKey);

  // ----------------------------------------------------------------------------- data

  function showSummary() {
    title.textContent = data.title;
    summary.replaceChildren();
    const { execution } = data;
    if (execution === null) {
      summary.append(countText(data.states.length, "state"));
      return;
    }
    summary.append(
      chip(execution.status),
      ` ${secondsText(execution.seconds)} · ${countText(execution.events.length, "event")}`,
    );
  }

  function marks() {
    const last = new Map();
    for (const visit of data.execution?.visits ?? []) {
      const pointer = data.states[visit.state]?.pointer;
      const running = last.get(pointer) === "RUNNING";
      if (pointer !== undefined && !running) last.set(pointer, visit.status);
    }
    return last;
  }

  // Shows newer data; what is chosen, searched and in sight stays.
  function update(newData) {
    const first = data === null;
    const given = first ? element.querySelector("svg") : null;
    if (first) layOutPage();
    data = newData;
    lower.hidden = data.execution === null;
    element.classList.toggle("v-executed", data.execution !== null);
    const newPicture = given !== null || typeof data.svg === "string";
    if (newPicture) {
      const names = new Map(data.states.map((state) => [state.pointer, state.name]));
      diagram.setSvg(given ?? pictureFrom(data.svg), names);
      showTheme(root.dataset.theme ?? "auto");
    }
    showSummary();
    if (data.execution !== null) {
      timeline.setData(data);
      events.setData(data, query);
      if (selection.visit >= data.execution.visits.length) selection.visit = null;
      if (selection.event >= data.execution.events.length) selection.event = null;
    }
    if (data.live) diagram.mark(marks());
    showSearch();
    if (first) choose({});
    else showSelection(newPicture);
  }

  function layOutPage() {
    element.classList.add("v-viewer");
    element.replaceChildren(header, diagram.element, details.element, lower, help);
    showPanel("timeline");
  }

  function remove() {
    document.removeEventListener("keydown", onKey);
    removeEventListener("beforeprint", onBeforePrint);
    removeEventListener("afterprint", onAfterPrint);
    element.replaceChildren();
  }

  update(firstData);
  return { update, choose, remove };
}

// A picture from its text: as XML, in which no script is ever run.
function pictureFrom(text) {
  const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
  if (parsed.documentElement.localName !== "svg") throw new Error("data.svg is no SVG");
  return document.adoptNode(parsed.documentElement);
}
