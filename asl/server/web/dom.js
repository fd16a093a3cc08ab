// Elements and texts. Whatever is data becomes a text node or an attribute, never markup.

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

const SIGNS = {
  RUNNING: ["●", "running"],
  SUCCEEDED: ["✓", "succeeded"],
  FAILED: ["✗", "failed"],
  TIMED_OUT: ["⧗", "timed out"],
  ABORTED: ["■", "stopped"],
  DELETING: ["■", "being deleted"],
};

export const STATUSES = ["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"];

export function wordOf(status) {
  return SIGNS[status]?.[1] ?? status.toLowerCase();
}

export function chip(status) {
  const [sign, word] = SIGNS[status] ?? ["", status];
  return make("span", { class: `v-chip v-${status.toLowerCase()}` }, `${sign} ${word}`);
}

// The sign alone, for lists; its word is for those who do not see it.
export function sign(status) {
  const [text, word] = SIGNS[status] ?? ["", status];
  const kind = `p-sign v-${status.toLowerCase()}`;
  return make("span", { class: kind, role: "img", "aria-label": word, title: word }, text);
}

// A moment that the service has told, in seconds since 1970.
export function momentText(seconds) {
  const date = new Date(seconds * 1000);
  const pad = (number) => String(number).padStart(2, "0");
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(pad).join(":");
  return `${day} ${time}`;
}

// The ARN that the page shows stands behind the # of its address.
export function addressOf(arn) {
  return `#${encodeURIComponent(arn)}`;
}

export function shownArn() {
  try {
    return decodeURIComponent(location.hash.slice(1)) || null;
  } catch {
    return null;
  }
}
