// The page of a link: chooses a password by the mutation useLink.

// By the prefix of the token: what the link is for, and what it asks for beside the password.
const KINDS = {
  crm_admin_: {
    title: 'Become the administrator',
    about: 'This makes the account of the first administrator, who invites everybody else.',
    fields: ['email', 'fullName'],
  },
  crm_invitation_: {
    title: 'Welcome',
    about: 'You were invited. Choose a password; leave the name empty if yours is right already.',
    fields: ['fullName'],
  },
  crm_reset_: {
    title: 'Choose another password',
    about: 'Your sessions on all devices end, and the former password is no longer valid.',
    fields: [],
  },
};

const MUTATION = `mutation UseLink($input: UseLinkInput!) {
  useLink(input: $input) { token user { email fullName role } }
}`;

const element = (id) => document.getElementById(id);
let token = '';
let kind;

function start() {
  token = location.hash.slice(1);
  const prefix = Object.keys(KINDS).find((known) => token.startsWith(known));
  kind = KINDS[prefix];
  element('form').hidden = !kind;
  say('');
  if (!kind) {
    element('about').textContent = 'This is no whole link. Open it as it was given to you, to its last letter.';
    return;
  }
  element('title').textContent = kind.title;
  element('about').textContent = kind.about;
  for (const field of ['email', 'fullName']) {
    element(`field-${field}`).hidden = !kind.fields.includes(field);
  }
  element([...kind.fields, 'password'][0]).focus();
}

async function submit(event) {
  event.preventDefault();
  const input = { token, password: element('password').value };
  for (const field of kind.fields) {
    const value = element(field).value;
    if (value !== '') input[field] = value;
  }
  element('submit').disabled = true;
  say('');
  try {
    const answer = await send(input);
    if (answer.data?.useLink) welcome(answer.data.useLink);
    else showErrors(answer.errors ?? []);
  } catch {
    say('The server could not be reached. Try again in a moment.');
  } finally {
    element('submit').disabled = false;
  }
}

async function send(input) {
  const response = await fetch('graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
    body: JSON.stringify({ query: MUTATION, variables: { input } }),
  });
  return response.json();
}

// The token is kept for GraphiQL, which looks for it here, until this tab is closed.
function welcome(login) {
  const { email, fullName, role } = login.user;
  sessionStorage.setItem('crm.session', JSON.stringify({ token: login.token, name: fullName, role }));
  history.replaceState(null, '', location.pathname);
  element('form').reset();
  element('form').hidden = true;
  element('title').textContent = `Welcome, ${fullName}`;
  element('about').textContent = `Your password is set. From now on, sign in as ${email}.`;
  const home = document.createElement('a');
  home.href = './';
  home.textContent = 'Go on';
  element('outcome').replaceChildren(home);
}

// Faults of fields stand beside them; all else at the end.
function showErrors(errors) {
  const rest = [];
  for (const error of errors) {
    const faults = error.extensions?.fields ?? [{ field: '', message: error.message }];
    for (const { field, message } of faults) {
      const name = field.replace(/^input\./, '');
      const place = element(`fault-${name}`);
      if (!place || element(`field-${name}`).hidden) {
        rest.push(message);
        continue;
      }
      place.textContent = message;
      element(name).setAttribute('aria-invalid', 'true');
    }
  }
  say(rest.join(' '), false);
  document.querySelector('[aria-invalid]')?.focus();
}

function say(text, forgetFaults = true) {
  element('outcome').textContent = text.charAt(0).toUpperCase() + text.slice(1);
  if (!forgetFaults) return;
  for (const place of document.querySelectorAll('.fault')) place.textContent = '';
  for (const input of document.querySelectorAll('[aria-invalid]')) input.removeAttribute('aria-invalid');
}

element('form').addEventListener('submit', submit);
element('show').addEventListener('change', ({ target }) => {
  element('password').type = target.checked ? 'text' : 'password';
});
addEventListener('hashchange', start);
start();
