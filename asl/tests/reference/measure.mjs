// Nanoseconds that the reference takes for each expression: {states, expressions, rounds} on stdin, an array on stdout.
// The first argument is where the reference is installed.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const jsonata = createRequire(`${process.argv[2]}/`)("jsonata");
const { states, expressions, rounds } = JSON.parse(readFileSync(0, "utf8"));

async function elapsed(expression, repeats) {
  const start = process.hrtime.bigint();
  for (let i = 0; i < repeats; i++) await expression.evaluate(undefined, { states });
  return Number(process.hrtime.bigint() - start);
}

const results = [];
for (const source of expressions) {
  const expression = jsonata(source);
  let repeats = 1;
  // As long until the code is compiled and a round is long enough to be measured.
  while ((await elapsed(expression, repeats)) < 2e7) repeats *= 2;
  const times = [];
  for (let round = 0; round < rounds; round++) times.push((await elapsed(expression, repeats)) / repeats);
  times.sort((a, b) => a - b);
  results.push(times[Math.floor(times.length / 2)]);
}
console.log(JSON.stringify(results));
