// The lists at the side: state machines, and executions of one of them.
//
// Each list is one stop of the Tab key; arrow keys go from row to row.

import { addressOf, make, momentText, sign, STATUSES, wordOf } from "./dom.js";

const STEP = 50;

export function createLists(element, { changed, start }) {
  const machines = createList("State machines", changed);
  const executions = createList("Executions", changed);
  const status = make(
    "select",
    { "aria-label": "Status", onchange: changed },
    make("option", { value: "" }, "all"),
    ...STATUSES.map((one) => make("option", { value: one }, wordOf(one))),
  );
  const startButton = make("button", { type: "button", onclick: start }, "Start…");
  const title = make("h2", {}, "Executions");
  const about = make("p", { class: "p-quiet" });
  const upper = make("section", {}, make("h2", {}, "State machines"), machines.element);
  const lower = make(
    "section",
    { class: "p-executions" },
    make("header", {}, title, status, startButton),
    about,
    executions.element,
  );
  element.append(upper, lower);
  lower.hidden = true;

  // What the server is asked for.
  function wishes() {
    return {
      machines: machines.limit(),
      executions: executions.limit(),
      status: status.value || null,
    };
  }

  function show({ machines: told, shown, executions: listed }) {
    const current = shown?.machine ?? null;
    machines.show(
      told,
      (one) => one.stateMachineArn,
      current,
      (one) => [
        make("bdi", {}, one.name),
        one.type === "EXPRESS" ? make("small", {}, " Express") : null,
      ],
      "None yet. Create one with any client of this server.",
    );
    lower.hidden = current === null;
    if (current === null) return;
    const inRun = listed?.mapRunArn !== undefined;
    title.textContent = inRun ? "Children of the Map Run" : "Executions";
    startButton.hidden = inRun;
    status.hidden = listed === null;
    executions.element.hidden = listed === null;
    about.hidden = listed !== null;
    about.textContent =
      "Executions of Express machines are not kept: start one to see its outcome.";
    if (listed === null) return;
    executions.show(
      listed,
      (one) => one.executionArn,
      shown.arn,
      (one) => [
        sign(one.status),
        make("bdi", {}, one.name),
        make("small", {}, momentText(one.startDate)),
      ],
      status.value ? `None ${wordOf(status.value)}.` : "None yet.",
    );
  }

  return { wishes, show, reset: executions.reset };
}

function createList(label, changed) {
  const list = make("ul", { "aria-label": label, onkeydown: onKey });
  const none = make("p", { class: "p-quiet" });
  const more = make(
    "button",
    {
      type: "button",
      class: "p-more",
      onclick: () => {
        limit += STEP;
        changed();
      },
    },
    "More",
  );
  const element = make("div", { class: "p-list" }, list, none, more);
  let limit = STEP;
  let before = "";

  function show({ items, more: hasMore }, arnOf, current, draw, nothing) {
    none.textContent = nothing;
    none.hidden = items.length > 0;
    more.hidden = !hasMore;
    const now = JSON.stringify([items, current]);
    if (now === before) return;
    before = now;
    const focused = list.contains(document.activeElement)
      ? document.activeElement.getAttribute("href")
      : null;
    const links = items.map((item) => {
      const arn = arnOf(item);
      const is = arn === current;
      const attributes = { href: addressOf(arn), "aria-current": is ? "page" : null };
      return make("a", { ...attributes, tabindex: is ? 0 : -1 }, ...draw(item));
    });
    if (!links.some((link) => link.tabIndex === 0)) links[0]?.setAttribute("tabindex", 0);
    list.replaceChildren(...links.map((link) => make("li", {}, link)));
    if (focused === null) return;
    focus(links, links.find((link) => link.getAttribute("href") === focused) ?? links[0]);
  }

  function focus(links, chosen) {
    if (chosen === undefined) return;
    for (const link of links) link.setAttribute("tabindex", -1);
    chosen.setAttribute("tabindex", 0);
    chosen.focus();
  }

  function onKey(event) {
    const links = [...list.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement);
    const steps = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 };
    const next = links[steps[event.key]];
    if (event.ctrlKey || event.metaKey || event.altKey || next === undefined) return;
    focus(links, next);
    event.preventDefault();
  }

  function reset() {
    limit = STEP;
  }

  return { element, show, reset, limit: () => limit };
}
