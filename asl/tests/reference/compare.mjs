// Holds `stepwell eval` against the reference: random expressions over random inputs, the same from the same seed.
// Usage: compare.mjs REFERENCE STEPWELL [COUNT] [SEED]. Exit status 1 where they differ.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { Generator } from "./generate.mjs";

const [, , home, stepwell, count = "5000", seed = "1"] = process.argv;
const require = createRequire(`${home}/`);

// A fresh copy for each expression: the reference remembers in its functions under which name they were called last.
function reference() {
  delete require.cache[require.resolve("jsonata")];
  return require("jsonata");
}

const generator = new Generator(Number(seed));
const lines = Array.from({ length: Number(count) }, () => ({
  expr: generator.expression(),
  input: generator.document(),
  bindings: { v: generator.value(2), n: generator.integer(-3, 9), s: generator.string() },
}));

async function expected({ expr, input, bindings }) {
  try {
    // A copy each time: the reference marks the arrays it is given.
    const value = await reference()(expr).evaluate(structuredClone(input), structuredClone(bindings));
    if (value === undefined) return { undefined: true };
    return holdsFunction(value) ? { function: true } : { value: JSON.parse(JSON.stringify(value)) };
  } catch (error) {
    // An error without a code is a fault of the reference itself.
    return error.code ? { error: { code: error.code, message: error.message } } : { fault: String(error) };
  }
}

function holdsFunction(value) {
  if (typeof value === "function") return true;
  if (value === null || typeof value !== "object") return false;
  return Boolean(value._jsonata_function || value._jsonata_lambda) || Object.values(value).some(holdsFunction);
}

function ours() {
  const child = spawn(stepwell, ["eval", "--batch", "--lang", "jsonata"], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (part) => (text += part));
    child.on("error", reject);
    child.on("close", (code) => {
      const answers = text.trimEnd().split("\n");
      if (answers.length !== lines.length) reject(new Error(`${answers.length} answers of ${lines.length}, status ${code}`));
      else resolve(answers.map((answer) => JSON.parse(answer)));
    });
  });
}

// Infinities and NaN are null in JSON text; ours refuses them as D1001.
const unrepresentable = (want, got) => got.error?.code === "D1001" && JSON.stringify(want.value ?? null).includes("null");

// The reference evaluates the parts of a constructor side by side: which of several errors comes first is chance.
const inParts = ({ expr }) => /[[{].*,/.test(expr);

// A function that is handed over is named by the call that it was last called in, or by the one that it was handed to.
const unnamed = ({ code, message }) => (/^T041/.test(code) ? message.replace(/function \S+/, "function") : message);

function agrees(line, want, got) {
  if (want.fault) return "fault";
  if (want.error && got.error && inParts(line)) return "same";
  if (want.function) return got.error ? "same" : "different";
  if (want.undefined) return got.undefined ? "same" : "different";
  if (want.error) return got.error?.code === want.error.code && unnamed(got.error) === unnamed(want.error) ? "same" : "different";
  if (unrepresentable(want, got)) return "same";
  return "value" in got && same(want.value, got.value) ? "same" : "different";
}

function same(a, b) {
  if (typeof a === "number" && typeof b === "number") return a === b || Math.abs(a - b) <= Math.abs(a) * 1e-15;
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && same(a[name], b[name]));
}

const tally = { same: 0, different: 0, fault: 0 };
const kinds = { value: 0, undefined: 0, error: 0, function: 0 };
const answers = await ours();
for (const [at, line] of lines.entries()) {
  const want = await expected(line);
  const verdict = agrees(line, want, answers[at]);
  tally[verdict] += 1;
  for (const kind of Object.keys(kinds)) if (kind in want) kinds[kind] += 1;
  if (verdict === "different" && tally.different <= 20) {
    console.log(`${JSON.stringify(line)}\n  reference: ${JSON.stringify(want)}\n  stepwell:  ${JSON.stringify(answers[at])}`);
  }
}
console.log(
  `${lines.length} expressions, seed ${seed} (${kinds.value} values, ${kinds.undefined} undefined, ${kinds.error} errors, ` +
    `${kinds.function} functions): ${tally.same} the same, ${tally.different} different, ` +
    `${tally.fault} where the reference itself fails`,
);
process.exit(tally.different === 0 ? 0 : 1);
