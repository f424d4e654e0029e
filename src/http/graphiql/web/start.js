// Starts the real GraphiQL: the scripts before this one define React, ReactDOM and GraphiQL.

import { examples, headers } from './examples.js';
import { changes, send, session } from './session.js';
import { storage } from './storage.js';
import './strip.js';

// GraphiQL's dialogs write one <style>, and look here for the nonce that the policy asks for.
globalThis.__webpack_nonce__ = document.querySelector('link[nonce]').nonce;

const root = ReactDOM.createRoot(document.getElementById('graphiql'));
let schemaKnown = false;

changes.addEventListener('change', () => {
  // A server may show its schema only to those it knows.
  if (session() && !schemaKnown) show();
});
show();

function show() {
  // GraphiQL asks for the schema again when it is given another fetcher.
  const fetcher = (request, options) => send(inTime(request), options?.headers);
  root.render(
    React.createElement(GraphiQL, {
      fetcher,
      onSchemaChange,
      defaultTabs: examples,
      defaultHeaders: headers,
      defaultEditorToolsVisibility: 'variables',
      // Tokens stay out of the browser's lasting storage.
      shouldPersistHeaders: false,
      storage,
      inputValueDeprecation: true,
      schemaDescription: true,
    }),
  );
}

// GraphiQL learns the operation's name a moment after a change of tab; who is quicker than that
// would ask for the former tab's operation.
function inTime({ operationName, ...request }) {
  return request.query.includes(operationName) ? { operationName, ...request } : request;
}

function onSchemaChange(schema) {
  schemaKnown = Boolean(schema);
}
