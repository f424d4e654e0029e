// Takes the operations out of pages of the documentation and gives each a name, after the fields it
// asks for, as graphql-codegen needs one.
//
//   node docs-operations.mjs FOLDER PAGE …

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Kind, parse, print } from 'graphql';

const [folder, ...pages] = process.argv.slice(2);
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

const times = new Map();
for (const page of new Set(pages)) {
  for (const [, text] of readFileSync(page, 'utf8').matchAll(/^```graphql\n(.*?)^```$/gms)) {
    const document = parse(text);
    for (const operation of document.definitions) {
      operation.name = { kind: Kind.NAME, value: nameOf(operation) };
      writeFileSync(join(folder, `${operation.name.value}.graphql`), print(operation));
    }
  }
}
console.log(`${[...times.values()].reduce((sum, n) => sum + n, 0)} operations of the documentation`);

function nameOf({ selectionSet }) {
  const fields = new Set(selectionSet.selections.map((field) => field.name.value));
  const name = [...fields].map((field) => field[0].toUpperCase() + field.slice(1)).join('And');
  times.set(name, (times.get(name) ?? 0) + 1);
  return times.get(name) === 1 ? name : `${name}${times.get(name)}`;
}
