// For paper: the events as a plain table, since the list shows only rows in sight.

const PRINTED_EVENTS = 3000;

function paperOf(data) {
  const paper = make("section", { class: "v-paper" });
  if (data.execution === null) return paper;
  const { visits, events } = data.execution;
  const whole = data.execution.seconds;
  const cell = (tag, value) =>
    value instanceof Element ? value : make(tag, {}, String(value));
  const cells = (tag, ...values) => make("tr", {}, ...values.map((one) => cell(tag, one)));
  const bar = (visit) => {
    const from = whole === 0 ? 0 : visit.at / whole;
    const to = whole === 0 ? 0 : (visit.until ?? whole) / whole;
    const drawn = make("span", { class: `v-bar v-${visit.status.toLowerCase()}` });
    drawn.style.left = `${(from * 100).toFixed(2)}%`;
    drawn.style.width = `${((to - from) * 100).toFixed(2)}%`;
    return make("td", { class: "v-track" }, make("span", {}, drawn));
  };
  const table = (title, head, rows) => [
    make("h2", {}, title),
    make(
      "table",
      {},
      make("thead", {}, cells("th", ...head)),
      make("tbody", {}, ...rows.map((row) => cells("td", ...row))),
    ),
  ];
  paper.append(
    ...table(
      "Visits",
      ["state", "iteration", "status", "entered", "took", "attempts", "error", "time"],
      visits.slice(0, PRINTED_EVENTS).map((visit) => [
        apart(visit.name),
        visit.iteration ?? "",
        `${SIGNS[visit.status]} ${WORDS[visit.status]}`,
        secondsText(visit.at),
        secondsText((visit.until ?? data.execution.seconds) - visit.at),
        visit.attempts.length || "",
        visit.error ?? "",
        bar(visit),
      ]),
    ),
    ...table(
      "Events",
      ["#", "after", "type", "state", "error"],
      events.slice(0, PRINTED_EVENTS).map((event) => [
        event.id,
        secondsText(event.at),
        event.type,
        apart(visits[event.visit]?.name ?? ""),
        event.details.error ?? "",
      ]),
    ),
  );
  if (events.length > PRINTED_EVENTS) {
    const left = countText(events.length - PRINTED_EVENTS, "event");
    paper.append(make("p", {}, `${left} more.`));
  }
  return paper;
}
