// The lasting storage of GraphiQL: what is typed, without passwords and headers.

// A string of GraphQL or of JSON; one that is still being typed has no end.
const STRING = String.raw`"""(?:[^"]|"(?!""))*(?:"""|$)|"(?:[^"\\\n]|\\.)*(?:"|(?=\n)|$)`;
const MEMBER = new RegExp(String.raw`(\w+)("?\s*:\s*)(?:${STRING})`, 'g');
const DEFAULT = new RegExp(String.raw`\$(\w+)(\s*:[^=,$()]*=\s*)(?:${STRING})`, 'g');
const VARIABLE = /password\w*\s*:\s*\$(\w+)/gi;

// The editors' texts, which are stored as they are; everything else is JSON.
const TEXTS = ['graphiql:query', 'graphiql:variables'];

// The variables that hold a password, by the documents seen so far: `password: $secret`.
const secrets = new Set();

export const storage = {
  get length() {
    return localStorage.length;
  },
  clear: () => localStorage.clear(),
  getItem: (key) => localStorage.getItem(key),
  removeItem: (key) => localStorage.removeItem(key),
  setItem: (key, value) => {
    const known = secrets.size;
    localStorage.setItem(key, withoutSecrets(key, value));
    // The variables may have been stored before the document that says what they hold.
    if (secrets.size > known) clean();
  },
};

// What an earlier version of this page has stored.
clean();

function clean() {
  for (const key of Object.keys(localStorage)) {
    localStorage.setItem(key, withoutSecrets(key, localStorage.getItem(key)));
  }
}

function withoutSecrets(key, value) {
  for (const [, name] of value.matchAll(VARIABLE)) secrets.add(name);
  if (TEXTS.includes(key)) return withoutPasswords(value);
  try {
    return JSON.stringify(JSON.parse(value, safeMember));
  } catch {
    return withoutPasswords(value);
  }
}

// The history keeps the headers of each query, whatever `shouldPersistHeaders` says.
function safeMember(name, member) {
  if (name === 'headers') return undefined;
  return typeof member === 'string' ? withoutPasswords(member) : member;
}

function withoutPasswords(text) {
  return text
    .replace(MEMBER, (whole, name, colon) => (isSecret(name) ? `${name}${colon}""` : whole))
    .replace(DEFAULT, (whole, name, type) => (isSecret(name) ? `$${name}${type}""` : whole));
}

function isSecret(name) {
  return /password/i.test(name) || secrets.has(name);
}
