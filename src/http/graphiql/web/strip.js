// The line above the editors: who is signed in, and what happens to the token.

import { changes, forget, session } from './session.js';

const strip = document.getElementById('session');

changes.addEventListener('change', (event) => show(event.detail));
show('');

function show(reason) {
  const kept = session();
  if (kept) {
    const who = [kept.name, kept.role && `(${kept.role})`].filter(Boolean).join(' ');
    strip.replaceChildren(
      strong(who ? `Signed in as ${who}.` : 'Signed in.'),
      ' The token goes with every request whose headers name no other. ',
      button('Forget the token', () => forget()),
    );
  } else {
    strip.replaceChildren(
      strong(reason || 'Not signed in.'),
      ' Run SignIn: the token is kept for the open tabs of this page and sent with every later request,',
      ' unless you put another into the headers.',
    );
  }
}

function strong(text) {
  const element = document.createElement('strong');
  element.textContent = text;
  return element;
}

function button(text, action) {
  const element = document.createElement('button');
  element.type = 'button';
  element.textContent = text;
  element.addEventListener('click', action);
  return element;
}
