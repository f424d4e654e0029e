// The small page: three text fields, a button and the answer.

import { examples, headers } from './examples.js';
import { send } from './session.js';
import './strip.js';

const field = (id) => document.getElementById(id);

for (const [index, example] of examples.entries()) {
  field('example').add(new Option(example.name, index));
}
field('example').addEventListener('change', choose);
field('request').addEventListener('submit', (event) => {
  event.preventDefault();
  run();
});
field('request').addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) run();
});
field('headers').value = headers;
choose();

function choose() {
  const { query, variables = '' } = examples[field('example').value];
  field('query').value = query;
  field('variables').value = variables;
}

async function run() {
  field('run').disabled = true;
  field('result').textContent = '…';
  field('result').textContent = await answer();
  field('run').disabled = false;
}

async function answer() {
  try {
    const request = { query: field('query').value, variables: json('variables') };
    return JSON.stringify(await send(request, json('headers')), null, 2);
  } catch (error) {
    return error.message;
  }
}

function json(id) {
  const text = field(id).value.trim();
  if (!text) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`The ${id} are not JSON: ${error.message}`);
  }
}
