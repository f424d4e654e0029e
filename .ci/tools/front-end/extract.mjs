// Writes the files of docs/guide/front-end.md: each block of TypeScript, whose first line is a comment
// with its path, and each of JSON, which has no comments, by the name behind its fence.
//
//   node extract.mjs PAGE FOLDER 127.0.0.1:8000

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const [page, folder, address] = process.argv.slice(2);
const blocks = readFileSync(page, 'utf8').matchAll(/^```(ts|json)(?: (\S+))?\n(.*?)^```$/gms);
const names = [];
for (const [, kind, title, text] of blocks) {
  const name = kind === 'ts' ? /^\/\/ (\S+\.ts)\n/.exec(text)?.[1] : title;
  // A block that is no file would be run by nobody.
  if (!name || names.includes(name)) throw new Error(`${page}: no name of a file, or one twice:\n${text}`);
  names.push(name);
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text.replaceAll('127.0.0.1:8000', address));
}
console.log(`${names.length} files: ${names.join(', ')}`);
