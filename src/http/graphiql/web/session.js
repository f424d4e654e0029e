// Sends requests, and remembers the token of the last sign-in for them.

const KEY = 'crm.session';
const REFUSED = 'The token was refused or has run out.';

// Fires 'change' when a token comes or goes.
export const changes = new EventTarget();

// { token, name, role } of the last sign-in, or null. Kept by the browser for this tab only,
// and gone with it.
export function session() {
  return JSON.parse(sessionStorage.getItem(KEY));
}

export function forget(reason = '') {
  sessionStorage.removeItem(KEY);
  announce(reason);
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

function isRefusal(response, answer) {
  const codes = (answer.errors ?? []).map((error) => error.extensions?.code);
  return response.status === 401 || codes.includes('UNAUTHENTICATED');
}

function keep(login) {
  if (typeof login?.token !== 'string') return;
  const { token, user } = login;
  sessionStorage.setItem(KEY, JSON.stringify({ token, name: user?.fullName, role: user?.role }));
  announce('');
}

function announce(reason) {
  changes.dispatchEvent(new CustomEvent('change', { detail: reason }));
}
