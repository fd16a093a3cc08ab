// The list of events: each with its moment, type and state; filtered by the search.

const EVENT_ROW = 26;

function createEvents({ choose }) {
  let data = null;
  let shown = [];
  let chosenVisit = null;
  const texts = new Map();
  const rows = createRows({
    label: "Events",
    role: "listbox",
    itemRole: "option",
    height: EVENT_ROW,
    draw,
    choose: (index) => choose(shown[index]),
  });
  const head = make(
    "div",
    { class: "v-head v-event-row", "aria-hidden": "true" },
    ...["#", "after", "type", "state", ""].map((name) => make("span", {}, name)),
  );
  const none = make("p", { class: "v-none" }, "No event has this text.");
  const element = make("div", { class: "v-events" }, head, rows.element, none);

  function nameOf(event) {
    return data.execution.visits[event.visit]?.name ?? "";
  }

  function draw(row, index) {
    const event = data.execution.events[shown[index]];
    const bad = /(Failed|TimedOut|Aborted)$/.test(event.type);
    const mine = chosenVisit !== null && event.visit === chosenVisit;
    row.classList.add("v-event-row");
    row.classList.toggle("v-bad", bad);
    row.classList.toggle("v-mine", mine);
    const iteration = data.execution.visits[event.visit]?.iteration ?? null;
    const said = event.details.error ?? "";
    row.append(
      make("span", {}, String(event.id)),
      make("span", {}, secondsText(event.at)),
      make("span", {}, event.type),
      make("span", {}, make("bdi", {}, nameOf(event)),
        iteration === null ? "" : make("small", {}, ` #${iteration}`)),
      make("span", { class: "v-quiet" }, textOf(said)),
    );
  }

  // Everything that can be found of an event; made when it is first searched.
  function textFor(number) {
    let text = texts.get(number);
    if (text === undefined) {
      const event = data.execution.events[number];
      const values = Object.values(event.details).map(textOf);
      text = [event.id, event.type, nameOf(event), ...values].join("\n").toLowerCase();
      texts.set(number, text);
    }
    return text;
  }

  // Shows the events that have the text; gives their number.
  function search(text) {
    shown = data.execution.events.map((_, number) => number);
    if (text !== "") shown = shown.filter((number) => textFor(number).includes(text));
    rows.refresh(shown.length);
    none.hidden = shown.length > 0;
    return shown.length;
  }

  function setData(newData, text) {
    data = newData;
    texts.clear();
    return search(text);
  }

  function select(visit, event, show = true) {
    chosenVisit = visit;
    rows.refresh();
    let number = event;
    if (number === null && visit !== null) {
      const { entered } = data.execution.visits[visit];
      number = data.execution.events.findIndex((one) => one.id === entered);
    }
    rows.activate(number === null ? -1 : shown.indexOf(number), show);
  }

  function focusFirst() {
    rows.element.focus();
    rows.take(0);
  }

  return { element, setData, search, select, focusFirst, show: rows.show };
}
