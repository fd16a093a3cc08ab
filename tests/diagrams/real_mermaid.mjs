// Reads a JSON list of texts, has the real Mermaid read each, and says what it found.
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const modules = process.argv[2];
const { JSDOM } = createRequire(import.meta.url)(path.join(modules, "jsdom"));
const { window } = new JSDOM("");
globalThis.window = window;
globalThis.document = window.document;
const entry = path.join(modules, "mermaid", "dist", "mermaid.core.mjs");
const { default: mermaid } = await import(pathToFileURL(entry).href);
mermaid.initialize({ startOnLoad: false, securityLevel: "strict", maxEdges: 5000, maxTextSize: 10_000_000 });

let input = "";
for await (const chunk of process.stdin) input += chunk;
const answers = [];
for (const text of JSON.parse(input)) {
  try {
    const { db } = await mermaid.mermaidAPI.getDiagramFromText(text);
    answers.push({
      boxes: [...db.getVertices().values()].map((one) => one.id),
      groups: db.getSubGraphs().map((one) => one.id),
      arrows: db.getEdges().map((one) => [one.start, one.end, one.stroke]),
    });
  } catch (error) {
    answers.push({ error: String(error.message ?? error) });
  }
}
process.stdout.write(JSON.stringify(answers));
