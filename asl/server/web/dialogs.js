// Dialogs: start an execution, with an editor for its input; stop one.

import { addressOf, chip, make } from "./dom.js";
import { call } from "./service.js";

const MOST_BYTES = 262144;

// Why a text is no input for an execution; null where it is one.
export function complaintOf(text) {
  if (text.trim() === "") return "An execution needs an input, at least {}.";
  const size = new TextEncoder().encode(text).length;
  if (size > MOST_BYTES) {
    return `${size.toLocaleString("en")} bytes; an input has at most 262,144.`;
  }
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    return `This is no JSON: ${placed(error.message, text)}`;
  }
}

// The browser's own words, and the place, which not every browser tells.
function placed(message, text) {
  if (/line \d/.test(message)) return message;
  const before = text.slice(0, faultIn(text)).split("\n");
  return `${message} (line ${before.length} column ${before.at(-1).length + 1})`;
}

const BLANK = /[ \t\n\r]*/y;
const SCALAR = new RegExp(
  [
    /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/,
    /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/,
    /true|false|null/,
  ].map((one) => one.source).join("|"),
  "y",
);

// Where a text ceases to be JSON: the number of characters before.
function faultIn(text) {
  const open = []; // the signs that will close what is open
  let at = 0;
  const take = (pattern) => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? "";
    at += found.length;
    return found;
  };
  let wants = "value"; // or: first (value or end), key, name (key or end), more
  while (true) {
    take(BLANK);
    const next = text[at];
    if (wants === "more") {
      if (open.length === 0) return at;
      if (next === ",") wants = open.at(-1) === "}" ? "key" : "value";
      else if (next === open.at(-1)) open.pop();
      else return at;
      at += 1;
    } else if ((wants === "first" || wants === "name") && next === open.at(-1)) {
      open.pop();
      at += 1;
      wants = "more";
    } else if (wants === "key" || wants === "name") {
      if (next !== '"' || take(SCALAR) === "") return at;
      take(BLANK);
      if (text[at] !== ":") return at;
      at += 1;
      wants = "value";
    } else if (next === "{" || next === "[") {
      open.push(next === "{" ? "}" : "]");
      at += 1;
      wants = next === "{" ? "name" : "first";
    } else {
      if (take(SCALAR) === "") return at;
      wants = "more";
    }
  }
}

function field(name, control, ...more) {
  return make("label", {}, make("span", {}, name), control, ...more);
}

// A dialog with a form; keys pressed in it are no shortcuts of the page.
function createDialog(title, submit, ...content) {
  const heading = make("h2", {});
  const problem = make("p", { class: "p-problem", role: "alert" });
  const send = make("button", { type: "submit", class: "p-main" }, title);
  const close = make("button", { type: "button", onclick: () => dialog.close() }, "Close");
  const form = make(
    "form",
    { onsubmit: onSubmit },
    heading,
    ...content,
    problem,
    make("footer", {}, send, close),
  );
  const dialog = make("dialog", { class: "p-dialog", "aria-label": title }, form);
  dialog.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  document.body.append(dialog);
  let isBusy = false;

  async function onSubmit(event) {
    event.preventDefault();
    if (isBusy || send.disabled) return;
    isBusy = true;
    send.disabled = true;
    problem.textContent = "";
    try {
      await submit();
    } catch (error) {
      problem.textContent = error.message;
    }
    isBusy = false;
    send.disabled = false;
  }

  function open(name) {
    heading.replaceChildren(`${title} `, make("bdi", {}, name));
    problem.textContent = "";
    if (!dialog.open) dialog.showModal();
  }

  return { dialog, send, open };
}

export function createStart(changed) {
  const written = new Map(); // by machine: the input that was last written
  const complaint = make("span", { class: "p-problem", id: "complaint", role: "status" });
  const input = make("textarea", {
    rows: 14,
    spellcheck: "false",
    autocomplete: "off",
    "aria-describedby": "complaint",
    oninput: check,
  });
  const name = make("input", { autocomplete: "off", placeholder: "made up, if empty" });
  const outcome = make("div", { class: "p-outcome", "aria-live": "polite" });
  const { dialog, send, open } = createDialog(
    "Start",
    submit,
    field("Input", input, complaint),
    field("Name", name),
    outcome,
  );
  let machine = null;

  function check() {
    const text = complaintOf(input.value);
    complaint.textContent = text ?? "";
    input.setAttribute("aria-invalid", String(text !== null));
    send.disabled = text !== null;
  }

  async function submit() {
    const { arn, isExpress } = machine;
    const request = { stateMachineArn: arn, input: input.value };
    if (name.value !== "") request.name = name.value;
    outcome.replaceChildren();
    if (isExpress) {
      outcome.replaceChildren(make("p", {}, "Running…"));
      try {
        const told = await call("StartSyncExecution", request);
        if (machine.arn === arn) outcome.replaceChildren(...tell(told));
      } catch (error) {
        outcome.replaceChildren();
        throw error;
      }
      return;
    }
    const started = await call("StartExecution", request);
    if (dialog.open) dialog.close();
    location.hash = addressOf(started.executionArn);
    changed();
  }

  // How an Express execution came out: nothing else is kept of it.
  function tell({ status, output, error, cause }) {
    const parts = [make("p", {}, chip(status))];
    if (error) parts.push(make("p", {}, make("strong", {}, error)));
    for (const text of [cause, output]) {
      if (text) parts.push(make("pre", { tabindex: 0 }, text));
    }
    return parts;
  }

  dialog.addEventListener("close", () => written.set(machine.arn, input.value));

  // Opens the dialog; for an execution like another, with that one's input.
  function show({ machine: arn, machineName, type }, text = null) {
    machine = { arn, isExpress: type === "EXPRESS" };
    input.value = text ?? written.get(arn) ?? "{}";
    name.value = "";
    outcome.replaceChildren();
    check();
    open(machineName);
    input.focus();
  }

  return { show };
}

export function createStop(changed) {
  const error = make("input", { autocomplete: "off", maxlength: 256 });
  const cause = make("input", { autocomplete: "off", maxlength: 32768 });
  const { dialog, open } = createDialog(
    "Stop",
    submit,
    field("Error (optional)", error),
    field("Cause (optional)", cause),
  );
  let arn = null;

  async function submit() {
    const request = { executionArn: arn };
    if (error.value !== "") request.error = error.value;
    if (cause.value !== "") request.cause = cause.value;
    await call("StopExecution", request);
    dialog.close();
    changed();
  }

  function show(execution) {
    arn = execution.arn;
    open(execution.name);
  }

  return { show };
}
