// Sends requests, and remembers the token of the last sign-in for them. The open tabs of the page tell each
// other of it: a new one asks the others.

const KEY = 'crm.session';
const REFUSED = 'The token was refused or has run out.';

// Fires 'change' when a token comes or goes.
export const changes = new EventTarget();

// Only pages of the same origin hear it, and nothing of it is stored.
const tabs = new BroadcastChannel(KEY);
tabs.addEventListener('message', ({ data }) => hear(data));
if (!session()) tabs.postMessage({ ask: true });

// { token, name, role } of the last sign-in, or null. The browser keeps it for this tab only: it is gone
// with the last one.
export function session() {
  return JSON.parse(sessionStorage.getItem(KEY));
}

// In all tabs: another one would give it back to this when it is loaded again.
export function forget(reason = '') {
  const forgotten = session();
  drop(reason);
  if (forgotten) tabs.postMessage({ forget: forgotten.token, reason });
}

function drop(reason) {
  sessionStorage.removeItem(KEY);
  announce(reason);
}

function hear({ ask, session: given, forget: token, reason }) {
  const kept = session();
  if (ask && kept) tabs.postMessage({ session: kept });
  if (given && !kept) take(given);
  if (token && kept?.token === token) drop(reason);
}

function take(given) {
  sessionStorage.setItem(KEY, JSON.stringify(given));
  announce('');
}

// Runs one GraphQL request ({ query, variables, operationName }); the answer is the server's.
export async function send(request, typed) {
  const headers = new Headers(withoutPlaceholder(typed));
  headers.set('content-type', 'application/json');
  headers.set('accept', 'application/graphql-response+json, application/json');
  const kept = headers.has('authorization') ? null : session();
  if (kept) headers.set('authorization', `Bearer ${kept.token}`);

  const response = await fetch('/graphql', {
    method: 'POST',
    headers,
    body: JSON.stringify(request),
  });
  const answer = await read(response);
  // A token that the server no longer takes would spoil the next sign-in, too.
  if (kept && isRefusal(response, answer)) forget(REFUSED);
  keep(answer.data?.login);
  return answer;
}

// The starting text of the headers editor is no token.
function withoutPlaceholder(typed) {
  const isPlaceholder = ([name, value]) =>
    name.toLowerCase() === 'authorization' && (!value || `${value}`.includes('<token>'));
  return Object.entries(typed ?? {}).filter((header) => !isPlaceholder(header));
}

async function read(response) {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    const message = `The server answered ${response.status} and no JSON: ${text.slice(0, 300)}`;
    return { errors: [{ message }] };
  }
}

// A wrong password says nothing of the token.
function isRefusal(response, answer) {
  const errors = (answer.errors ?? []).filter((error) => error.path?.[0] !== 'login');
  const codes = errors.map((error) => error.extensions?.code);
  return response.status === 401 || codes.includes('UNAUTHENTICATED');
}

function keep(login) {
  if (typeof login?.token !== 'string') return;
  const { token, user } = login;
  const signedIn = { token, name: user?.fullName, role: user?.role };
  take(signedIn);
  tabs.postMessage({ session: signedIn });
}

function announce(reason) {
  changes.dispatchEvent(new CustomEvent('change', { detail: reason }));
}
