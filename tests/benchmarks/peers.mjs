// Peers that run on Node: one workload for aws-local-stepfunctions, or files for
// asl-validator. In: JSON on stdin, the peer's name as argument. Out: JSON on stdout.
// Never: prints anything else; a peer that cannot do it gives {"cannot": why}.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { isDeepStrictEqual } from "node:util";

// aws-local-stepfunctions asks for Node 22; this is all that an older one lacks.
Promise.withResolvers ??= function () {
  let resolve, reject;
  const promise = new Promise((yes, no) => ([resolve, reject] = [yes, no]));
  return { promise, resolve, reject };
};

const modules = path.resolve(process.env.ASL_NODE_MODULES ?? "node_modules");
const require = createRequire(path.join(modules, "x.js"));
const given = JSON.parse(readFileSync(0, "utf8"));

const functions = {
  inc: (event) => ({ n: event.n + 1 }),
  price: (event) => ({ total: event.order.qty * event.order.unit }),
  discount: (event) => ({ total: event.total - 2 }),
};

function handlers(definition) {
  const found = {};
  for (const [name, state] of Object.entries(definition.States)) {
    if (state.Type === "Task") found[name] = functions[state.Resource.split(":").at(-1)];
  }
  return found;
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

async function run() {
  const file = path.join(modules, "aws-local-stepfunctions/build/main.node.esm.js");
  const { StateMachine } = await import(pathToFileURL(file));
  const machine = new StateMachine(given.definition);
  const overrides = { taskResourceLocalHandlers: handlers(given.definition) };
  const once = () => machine.run(given.input, { overrides }).result;
  const output = await once();
  if (!isDeepStrictEqual(output, given.expected)) return { cannot: "another output" };
  const turns = [];
  for (let turn = 0; turn < given.turns; turn++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < given.runs; i++) await once();
    turns.push(Number(process.hrtime.bigint() - start) / 1e9);
  }
  return { seconds: given.turns ? median(turns) : 0 };
}

function check() {
  const validate = require("asl-validator");
  const definitions = given.texts.map((text) => JSON.parse(text));
  const start = process.hrtime.bigint();
  let rejected = 0;
  for (const definition of definitions) {
    try {
      if (!validate(definition).isValid) rejected++;
    } catch {
      rejected++;
    }
  }
  return { seconds: Number(process.hrtime.bigint() - start) / 1e9, rejected };
}

let answer;
try {
  answer = await (process.argv[2] === "asl-validator" ? check() : run());
} catch (error) {
  answer = { cannot: String(error.message ?? error).split("\n")[0] };
}
process.stdout.write(JSON.stringify(answer));
