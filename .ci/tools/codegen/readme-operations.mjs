// Takes the operations out of the README and gives each a name, after the fields it asks for, as
// graphql-codegen needs one.
//
//   node readme-operations.mjs README.md FOLDER

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Kind, parse, print } from 'graphql';

const [readme, folder] = process.argv.slice(2);
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

const times = new Map();
const blocks = readFileSync(readme, 'utf8').matchAll(/^```graphql\n(.*?)^```$/gms);
for (const [, text] of blocks) {
  const document = parse(text);
  for (const operation of document.definitions) {
    operation.name = { kind: Kind.NAME, value: nameOf(operation) };
    writeFileSync(join(folder, `${operation.name.value}.graphql`), print(operation));
  }
}
console.log(`${[...times.values()].reduce((sum, n) => sum + n, 0)} operations of the README`);

function nameOf({ selectionSet }) {
  const fields = new Set(selectionSet.selections.map((field) => field.name.value));
  const name = [...fields].map((field) => field[0].toUpperCase() + field.slice(1)).join('And');
  times.set(name, (times.get(name) ?? 0) + 1);
  return times.get(name) === 1 ? name : `${name}${times.get(name)}`;
}
