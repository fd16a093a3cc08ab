// The page: what it shows follows its address; what is new it asks for again and again.

import { createStart, createStop } from "./dialogs.js";
import { shownArn } from "./dom.js";
import { createLists } from "./lists.js";
import { ask } from "./service.js";
import { createShown } from "./shown.js";

const EVERY = 1000; // milliseconds from one answer to the next question
const AFTER_TROUBLE = 3000;

const trouble = document.getElementById("trouble");
const start = createStart(refresh);
const stop = createStop(refresh);
const shown = createShown(document.getElementById("shown"), {
  start: start.show,
  stop: stop.show,
});
const lists = createLists(document.getElementById("lists"), {
  changed: refresh,
  start: () => start.show(told),
});

let told = null;
let turn = 0;
let timer = null;
let asking = null;

async function refresh() {
  turn += 1;
  const mine = turn;
  clearTimeout(timer);
  asking?.abort();
  asking = new AbortController();
  const begun = performance.now();
  const arn = shownArn();
  let wait = EVERY;
  try {
    const wish = { shown: arn, seen: shown.seen(arn), ...lists.wishes() };
    const news = await ask("news", wish, asking.signal);
    if (mine !== turn) return;
    told = news.shown;
    lists.show(news);
    await shown.show(arn, told);
    trouble.hidden = true;
    // A long history takes long: the server has other things to do as well.
    wait = Math.max(wait, 3 * (performance.now() - begun));
  } catch (error) {
    if (mine !== turn) return;
    trouble.textContent = error.message;
    trouble.hidden = false;
    wait = AFTER_TROUBLE;
  }
  if (mine === turn && !document.hidden) timer = setTimeout(refresh, wait);
}

addEventListener("hashchange", () => {
  lists.reset();
  refresh();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) refresh();
});

// Keys pressed where one writes or chooses are no shortcuts of the viewer.
document.getElementById("lists").addEventListener("keydown", (event) => {
  if (event.target.matches("select, input")) event.stopPropagation();
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("input, select, textarea")) return;
  if (event.key === "n" && told?.machine !== undefined) {
    event.preventDefault();
    start.show(told);
  }
});

// The theme that was chosen in the viewer stays for the next time.
const root = document.documentElement;
try {
  const kept = localStorage.getItem("asl-theme");
  if (["light", "dark", "auto"].includes(kept)) root.dataset.theme = kept;
  new MutationObserver(() => localStorage.setItem("asl-theme", root.dataset.theme)).observe(
    root,
    { attributeFilter: ["data-theme"] },
  );
} catch {
  // A browser may keep nothing; then the theme is the system's every time.
}

refresh();
