// The panel at the side: a state, one of its visits, an event; or all of the execution.

function createDetails({ chooseVisit, chooseState }) {
  const element = make("aside", {
    class: "v-details",
    role: "region",
    tabindex: 0,
    "aria-label": "Details",
  });

  function fact(name, ...value) {
    return [make("dt", {}, name), make("dd", {}, ...value)];
  }

  function failure(error, cause) {
    if (!error && !cause) return null;
    const block = make("div", { class: "v-error" });
    block.append(make("strong", {}, error || "(no error name)"));
    if (cause) block.append(jsonBlock(String(cause), "Cause"));
    return block;
  }

  function nameOf(visit) {
    return visit.iteration === null ? "" : ` · iteration ${visit.iteration}`;
  }

  // -------------------------------------------------------------------- the overview

  function overview(data) {
    const { machine, states, execution } = data;
    const parts = [make("h2", {}, machine.name)];
    if (machine.comment) parts.push(make("p", { class: "v-comment" }, machine.comment));
    const facts = [
      ...fact("States", states.length.toLocaleString("en")),
      ...fact("Language", machine.query_language),
    ];
    if (execution !== null) {
      if (execution.name) facts.unshift(...fact("Execution", execution.name));
      const visited = new Set(execution.visits.map((visit) => visit.name));
      facts.push(
        ...fact("Status", chip(execution.status)),
        ...fact("Took", secondsText(execution.seconds)),
        ...fact("Began", execution.started ?? "?"),
        ...fact("Visited", `${visited.size} of ${countText(states.length, "state")}`),
        ...fact("Events", execution.events.length.toLocaleString("en")),
      );
    }
    parts.push(make("dl", { class: "v-facts" }, ...facts));
    if (execution !== null) {
      parts.push(failure(execution.error, execution.cause));
      parts.push(jsonSection("Input", execution.input));
      parts.push(jsonSection("Output", execution.output));
    }
    parts.push(section("All states", () => listOf(data), execution === null));
    return parts;
  }

  function listOf(data) {
    const depths = new Map();
    const items = data.states.map((state) => {
      const depth = state.parent === null ? 0 : depths.get(state.parent) + 1;
      depths.set(state.pointer, depth);
      const link = button(state.name, state.name, () => chooseState(state.pointer));
      link.classList.add("v-link");
      const item = make("li", {}, link, make("small", {}, ` ${state.type}`));
      item.style.paddingLeft = `${depth}rem`;
      return item;
    });
    return make("ul", { class: "v-states" }, ...items);
  }

  // ----------------------------------------------------------------------- one visit

  function visitPart(data, state, number) {
    const { visits } = data.execution;
    const same = [];
    visits.forEach((visit, index) => {
      if (data.states[visit.state]?.pointer === state.pointer) same.push(index);
    });
    if (same.length === 0) {
      return [make("p", { class: "v-none" }, "This execution never came here.")];
    }
    const place = Math.max(0, same.indexOf(number));
    const visit = visits[same[place]];
    const go = (step) => () => chooseVisit(same[place + step]);
    const back = button("Visit before", "‹", go(-1));
    const on = button("Next visit", "›", go(1));
    back.disabled = place === 0;
    on.disabled = place === same.length - 1;
    const pager = make(
      "div",
      { class: "v-pager", role: "group", "aria-label": "Visits" },
      back,
      make("span", {}, `Visit ${place + 1} of ${same.length}${nameOf(visit)}`),
      on,
    );
    const until = visit.until ?? data.execution.seconds;
    const facts = [
      ...fact("Status", chip(visit.status)),
      ...fact("Entered", `after ${secondsText(visit.at)}`),
      ...fact("Took", secondsText(until - visit.at)),
    ];
    if (visit.way !== null) facts.push(...fact("Left by", visit.way));
    const events = data.execution.events;
    const detail = (id, member) => eventOf(events, id)?.details[member];
    return [
      pager,
      make("dl", { class: "v-facts" }, ...facts),
      failure(visit.error, visit.cause),
      jsonSection("Input", detail(visit.entered, "input")),
      jsonSection("Output", detail(visit.left, "output")),
      assigned(visit),
      attempts(data, visit),
    ];
  }

  function assigned(visit) {
    const names = Object.keys(visit.assigned);
    if (names.length === 0) return null;
    const fill = () => {
      const rows = names.flatMap((name) => [
        make("dt", {}, `$${name}`),
        make("dd", {}, jsonBlock(textOf(visit.assigned[name]), `$${name}`)),
      ]);
      return make("dl", { class: "v-members" }, ...rows);
    };
    return section(`Assigned (${countText(names.length, "variable")})`, fill);
  }

  function attempts(data, visit) {
    if (visit.attempts.length === 0) return null;
    const open = visit.attempts.length > 1 || visit.attempts[0].status !== "SUCCEEDED";
    const fill = () =>
      make("ol", { class: "v-attempts" }, ...visit.attempts.map((a) => attempt(data, a)));
    return section(`Attempts (${visit.attempts.length})`, fill, open);
  }

  function attempt(data, one) {
    const { events } = data.execution;
    const began = eventOf(events, one.event)?.details ?? {};
    const ended = eventOf(events, one.end)?.details ?? {};
    const took =
      one.until === null ? "" : ` · ${secondsText(one.until - one.at)}`;
    return make(
      "li",
      {},
      chip(one.status),
      make("span", {}, ` after ${secondsText(one.at)}${took}`),
      failure(one.error, one.cause),
      jsonSection("Request", began.parameters ?? began.input, false),
      jsonSection("Answer", ended.output, false),
    );
  }

  // ----------------------------------------------------------------------- one event

  function eventPart(event) {
    const parts = [
      make("h3", {}, `Event ${event.id}: ${event.type}`),
      make("p", { class: "v-quiet" }, `after ${secondsText(event.at)}, `
        + `follows ${event.previous === 0 ? "nothing" : `event ${event.previous}`}`),
    ];
    for (const [name, value] of Object.entries(event.details)) {
      if (name.endsWith("Details")) {
        if (value?.truncated === true) {
          const what = name.slice(0, -"Details".length);
          parts.push(make("p", { class: "v-quiet" }, `AWS has cut off the ${what}.`));
        }
        continue;
      }
      const text = textOf(value);
      if (text.length > 60 || /^[[{]/.test(text)) parts.push(jsonSection(name, text));
      else parts.push(make("dl", { class: "v-facts" }, ...fact(name, text)));
    }
    return make("div", { class: "v-event" }, ...parts);
  }

  function statePart(data, state) {
    const parts = [
      make("h2", {}, state.name),
      make("p", {}, make("span", { class: "v-kind" }, state.type),
        make("code", { class: "v-quiet" }, ` ${state.pointer}`)),
    ];
    if (state.comment) parts.push(make("p", { class: "v-comment" }, textOf(state.comment)));
    return parts;
  }

  function show(data, selection) {
    const { pointer, visit, event } = selection;
    const state = data.states.find((one) => one.pointer === pointer);
    const known = data.execution?.events[event];
    let parts = [];
    if (known !== undefined) parts.push(eventPart(known));
    if (state === undefined && known === undefined) parts = overview(data);
    else if (state !== undefined) {
      parts.push(...statePart(data, state));
      if (data.execution !== null) parts.push(...visitPart(data, state, visit));
      parts.push(jsonSection("Definition", state.definition));
    }
    element.replaceChildren(...parts.filter((part) => part !== null));
    element.scrollTop = 0;
  }

  return { element, show };
}

// Events are in the order of their ids, which mostly count from 1.
function eventOf(events, id) {
  if (id === null) return undefined;
  return events[id - 1]?.id === id ? events[id - 1] : events.find((e) => e.id === id);
}

function textOf(value) {
  return typeof value === "string" ? value : JSON.stringify(value);
}
