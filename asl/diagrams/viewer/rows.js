// A list of many rows of which only those in sight exist. One row is active; arrow keys,
// Page Up and Down, Home and End go from row to row, and choose as they go.

const SPARE_ROWS = 8;

function createRows({ label, role, itemRole, height, draw, choose, key }) {
  const sizer = make("div", { class: "v-sizer", role: "presentation" });
  const element = make(
    "div",
    { class: "v-rows", role, tabindex: 0, "aria-label": label },
    sizer,
  );
  const drawn = new Map();
  const id = newId();
  let count = 0;
  let active = -1;

  function drawRow(index) {
    const row = make("div", {
      class: "v-row",
      id: `${id}-${index}`,
      role: itemRole,
      "aria-setsize": count,
      "aria-posinset": index + 1,
      "aria-selected": index === active ? "true" : "false",
    });
    row.style.top = `${index * height}px`;
    row.style.height = `${height}px`;
    draw(row, index);
    drawn.set(index, row);
    return row;
  }

  function inSight() {
    const first = Math.floor(element.scrollTop / height) - SPARE_ROWS;
    const last = Math.ceil((element.scrollTop + element.clientHeight) / height);
    return [Math.max(0, first), Math.min(count, last + SPARE_ROWS)];
  }

  function fill() {
    const [first, last] = inSight();
    for (const [index, row] of drawn) {
      if (index < first || index >= last) {
        row.remove();
        drawn.delete(index);
      }
    }
    for (let index = first; index < last; index += 1) {
      if (!drawn.has(index)) sizer.append(drawRow(index));
    }
    // The active row is always there, for those who listen to it.
    if (active >= 0 && !drawn.has(active)) sizer.append(drawRow(active));
    if (active >= 0) element.setAttribute("aria-activedescendant", `${id}-${active}`);
    else element.removeAttribute("aria-activedescendant");
  }

  function refresh(newCount = count) {
    count = newCount;
    if (active >= count) active = -1;
    for (const row of drawn.values()) row.remove();
    drawn.clear();
    sizer.style.height = `${count * height}px`;
    fill();
  }

  function reveal(index) {
    const top = index * height;
    const sight = element.clientHeight;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + height > element.scrollTop + sight) {
      element.scrollTop = top + height - sight;
    }
  }

  function activate(index, show = true) {
    drawn.get(active)?.setAttribute("aria-selected", "false");
    active = index;
    drawn.get(active)?.setAttribute("aria-selected", "true");
    if (active >= 0 && show) reveal(active);
    fill();
  }

  // Draws anew what may have been hidden, with the active row in sight.
  function show() {
    if (active >= 0) reveal(active);
    refresh();
  }

  function take(index) {
    if (index < 0 || index >= count) return;
    activate(index);
    choose(index);
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(element.clientHeight / height) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page };
    if (event.key in steps) {
      const to = active < 0 ? 0 : active + steps[event.key];
      take(Math.max(0, Math.min(count - 1, to)));
    } else if (event.key === "Home") take(0);
    else if (event.key === "End") take(count - 1);
    else if (event.key === "Enter" || event.key === " ") take(active);
    else if (!key?.(event.key, active)) return;
    event.preventDefault();
  }

  element.addEventListener("scroll", fill, { passive: true });
  element.addEventListener("keydown", onKey);
  element.addEventListener("click", (event) => {
    const row = event.target.closest(".v-row");
    if (row === null || event.defaultPrevented) return;
    take(Number(row.id.slice(id.length + 1)));
  });
  new ResizeObserver(fill).observe(element);
  return { element, refresh, activate, take, show };
}
