// Elements. Whatever is data becomes a text node or an attribute, never markup.

const SVG = "http://www.w3.org/2000/svg";

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

function button(label, text, press) {
  return make(
    "button",
    { type: "button", "aria-label": label, title: label, onclick: press },
    text,
  );
}

// A chip tells how something ended, by sign, word and colour.
function chip(status) {
  const name = String(status);
  return make(
    "span",
    { class: `v-chip v-${name.toLowerCase()}` },
    `${SIGNS[name] ?? ""} ${WORDS[name] ?? name}`,
  );
}

let ids = 0;
function newId() {
  ids += 1;
  return `v${ids}`;
}
