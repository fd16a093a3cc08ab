// What is shown: a machine, or an execution on it, in the viewer; above it what one can do.

import { addressOf, chip, make } from "./dom.js";
import { ask } from "./service.js";

const PATIENCE = 1500; // milliseconds without a picture, before the states stand alone

export function createShown(element, { start, stop }) {
  const bar = make("header", { id: "bar" });
  const note = make("div", { id: "note", hidden: true });
  const place = make("div", { id: "view" });
  element.append(bar, note, place);
  const pictures = new Map(); // by what the server calls it: a promise of its answer
  let viewer = null;
  let current = null; // what the viewer shows: arn, version, picture, view
  let barText = "";
  let wanted = null;
  let plain = null;

  function seen(arn) {
    return current !== null && current.asked === arn ? current.version : null;
  }

  // Shows a text in the viewer's place; one that is there already stays as it is.
  function clear(text, ...content) {
    if (plain === text && viewer === null) return;
    plain = text;
    viewer?.remove();
    viewer = null;
    current = null;
    note.hidden = true;
    place.replaceChildren(make("div", { class: "p-empty" }, ...content));
  }

  // Shows what the server told of what it was asked for.
  async function show(asked, told) {
    wanted = asked;
    showBar(told);
    if (told === null) {
      document.title = "State machines";
      clear(
        "",
        make("h1", {}, "State machines"),
        make("p", {}, "Choose a state machine, or create one:"),
        make(
          "pre",
          {},
          `aws stepfunctions create-state-machine --endpoint-url ${location.origin} \\\n`
            + "  --name hello --role-arn arn:aws:iam::123456789012:role/any \\\n"
            + "  --definition file://machine.asl.json",
        ),
      );
      return;
    }
    document.title = told.name ?? "State machines";
    if (told.refused !== undefined) {
      clear(told.refused, make("p", { class: "p-problem" }, told.refused));
    } else if (told.view !== undefined) {
      await view(asked, told);
    }
  }

  async function view(asked, told) {
    const same = viewer !== null && current?.asked === asked;
    if (same && current.picture === told.picture) {
      current = { ...current, version: told.version, view: told.view };
      viewer.update(told.view);
      return;
    }
    const coming = pictureOf(told);
    const late = new Promise((resolve) => setTimeout(resolve, PATIENCE, null));
    const picture = await Promise.race([coming, late]);
    if (wanted !== asked) return; // something else was chosen meanwhile
    viewer?.remove();
    const inner = make("div");
    place.replaceChildren(inner);
    current = { asked, version: told.version, picture: told.picture, view: told.view };
    viewer = createViewer(inner, told.view, picture);
    if (picture === null) coming.then((drawn) => replace(asked, told.picture, drawn));
  }

  // Puts a picture that came late in the place of the list of states.
  function replace(asked, name, drawn) {
    if (current?.asked !== asked || current.picture !== name) return;
    if (drawn.svg === undefined) explain(drawn);
    else viewer.update({ ...current.view, svg: drawn.svg });
  }

  function createViewer(inner, data, picture) {
    note.hidden = true;
    if (picture?.svg !== undefined) {
      return aslViewer.createViewer(inner, { ...data, svg: picture.svg });
    }
    if (picture !== null) explain(picture);
    inner.append(listPicture(data.states));
    return aslViewer.createViewer(inner, data);
  }

  function explain({ why, mermaid }) {
    note.replaceChildren(make("p", {}, why));
    if (mermaid) {
      const text = make("pre", { tabindex: 0 }, mermaid);
      note.append(make("details", {}, make("summary", {}, "Mermaid"), text));
    }
    note.hidden = false;
  }

  function pictureOf({ picture, arn }) {
    if (!pictures.has(picture)) {
      const failed = (error) => {
        pictures.delete(picture);
        return { why: error.message };
      };
      pictures.set(picture, ask("picture", { of: arn }).catch(failed));
    }
    return pictures.get(picture);
  }

  // ---------------------------------------------------------------------------- bar

  function showBar(told) {
    const { view: _, version: __, ...rest } = told ?? {};
    const now = JSON.stringify(rest);
    if (now === barText) return;
    barText = now;
    bar.hidden = told === null || told.refused !== undefined;
    if (bar.hidden) return;
    const focused = bar.contains(document.activeElement)
      ? document.activeElement.textContent
      : null;
    bar.replaceChildren(...(told.kind === "machine" ? ofMachine(told) : ofExecution(told)));
    const again = [...bar.querySelectorAll("button, a")];
    again.find((one) => one.textContent === focused)?.focus();
  }

  function action(text, press, kind = null) {
    return make("button", { type: "button", class: kind, onclick: press }, text);
  }

  function ofMachine(told) {
    return [
      make("h1", {}, make("bdi", {}, told.name)),
      make("small", {}, told.type === "EXPRESS" ? "Express" : "Standard"),
      told.status === "DELETING" ? chip("DELETING") : null,
      make("span", { class: "p-room" }),
      action("Start execution…", () => start(told), "p-main"),
    ].filter((one) => one !== null);
  }

  function ofExecution(told) {
    const above = make("a", { href: addressOf(told.machine) }, make("bdi", {}, told.machineName));
    const runs = told.mapRuns.map((arn, index) => {
      const text = told.mapRuns.length === 1 ? "Map Run" : `Map Run ${index + 1}`;
      return make("a", { href: addressOf(arn), title: arn }, text);
    });
    const parts = [
      make("h1", {}, above, " › ", make("bdi", {}, told.name)),
      chip(told.status),
      ...runs,
    ];
    if (told.mapRun !== undefined) {
      const { succeeded, failed, running, total } = told.mapRun.counts;
      const text = `${succeeded} of ${total} succeeded, ${failed} failed, ${running} running`;
      parts.push(make("small", {}, text));
    }
    parts.push(make("span", { class: "p-room" }));
    if (told.of === null) {
      parts.push(action("Start again…", () => start(told, told.input ?? "{}")));
    }
    if (told.status === "RUNNING") parts.push(action("Stop…", () => stop(told)));
    return parts;
  }

  return { show, seen };
}

// Where there is no picture: the states one below the other, those inside others indented.
const SVG = "http://www.w3.org/2000/svg";
const ROW = 44;

function listPicture(states) {
  const draw = (tag, attributes, ...children) => {
    const drawn = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) drawn.setAttribute(name, value);
    drawn.append(...children);
    return drawn;
  };
  const depths = new Map();
  const rows = states.map((state, index) => {
    const depth = state.parent === null ? 0 : depths.get(state.parent) + 1;
    depths.set(state.pointer, depth);
    const [x, y] = [12 + 24 * depth, 12 + ROW * index];
    const name = state.name.length > 34 ? `${state.name.slice(0, 33)}…` : state.name;
    return draw(
      "g",
      { class: "state", "data-pointer": state.pointer },
      draw("title", {}, state.name),
      draw("rect", { class: "p-box", x, y, width: 300, height: ROW - 12, rx: 6 }),
      draw("text", { class: "p-text", x: x + 12, y: y + 21 }, name),
      draw("text", { class: "p-kind", x: x + 288, y: y + 21 }, state.type),
    );
  });
  const width = 324 + 24 * Math.max(0, ...depths.values());
  const box = `0 0 ${width} ${ROW * states.length + 12}`;
  return draw("svg", { class: "p-picture", viewBox: box }, ...rows);
}
