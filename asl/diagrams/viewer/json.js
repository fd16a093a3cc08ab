// JSON text, laid out line by line without being read: numbers keep all their digits.

const SHOWN_LINES = 60;
const SHOWN_CHARACTERS = 6000;
const COLOURED_CHARACTERS = 60000;

const TOKEN = /"[^"\\]*(?:\\[^][^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

function* tokensOf(text) {
  for (const match of text.matchAll(TOKEN)) yield match[0];
}

// Pieces [kind, text] of the text laid out, until a number of lines or characters.
function layOut(text, lines, characters) {
  const pieces = [];
  let indent = 0;
  let line = 1;
  let length = 0;
  let cut = false;
  const put = (kind, piece) => {
    const room = characters - length;
    if (piece.length > room) cut = true;
    pieces.push([kind, piece.length > room ? `${piece.slice(0, room)}…` : piece]);
    length += piece.length;
  };
  const newLine = () => {
    line += 1;
    if (line > lines) cut = true;
    else put("", `\n${"  ".repeat(indent)}`);
  };
  const tokens = tokensOf(text);
  let token = tokens.next().value;
  while (token !== undefined && !cut) {
    const next = tokens.next().value;
    if (token === "{" || token === "[") {
      put("", token);
      if (next === "}" || next === "]") {
        put("", next);
        token = tokens.next().value;
        continue;
      }
      indent += 1;
      newLine();
    } else if (token === "}" || token === "]") {
      indent -= 1;
      newLine();
      if (!cut) put("", token);
    } else if (token === ",") {
      put("", ",");
      newLine();
    } else if (token === ":") {
      put("", ": ");
    } else {
      put(kindOf(token, next), token);
    }
    token = next;
  }
  return { pieces, cut };
}

function kindOf(token, next) {
  if (token.startsWith('"')) return next === ":" ? "key" : "string";
  return token === "true" || token === "false" || token === "null" ? "word" : "number";
}

function isJson(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

// What is shown of a text: its beginning, and a button where there is more.
function jsonBlock(text, label) {
  const pre = make("pre", { class: "v-json", tabindex: 0, "aria-label": label });
  const block = make("div", { class: "v-payload" }, pre);
  const json = isJson(text);
  const fill = (lines, characters) => {
    if (!json) {
      pre.replaceChildren(text.slice(0, characters));
      return text.length > characters;
    }
    const { pieces, cut } = layOut(text, lines, characters);
    if (characters > SHOWN_CHARACTERS && text.length > COLOURED_CHARACTERS) {
      pre.replaceChildren(pieces.map(([, piece]) => piece).join(""));
    } else {
      const spans = pieces.map(([kind, piece]) =>
        kind === "" ? piece : make("span", { class: `v-j-${kind}` }, piece),
      );
      pre.replaceChildren(...spans);
    }
    return cut;
  };
  if (fill(SHOWN_LINES, SHOWN_CHARACTERS)) {
    const size = text.length.toLocaleString("en");
    const more = button(`Show all of ${label}`, `Show all (${size} characters)`, () => {
      fill(Infinity, Infinity);
      more.remove();
      pre.focus();
    });
    more.classList.add("v-more");
    block.append(more);
  }
  return block;
}

// A section that makes its content when it is first opened.
function section(title, content, open = true) {
  const details = make("details", { class: "v-section" }, make("summary", {}, title));
  const fill = () => {
    if (details.open && details.children.length === 1) details.append(content());
  };
  details.open = open;
  fill();
  details.addEventListener("toggle", fill);
  return details;
}

function jsonSection(title, text, open = true) {
  if (text === null || text === undefined) return null;
  const shown = typeof text === "string" ? text : JSON.stringify(text);
  return section(title, () => jsonBlock(shown, title), open);
}
