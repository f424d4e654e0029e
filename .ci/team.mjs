// A team's first day in a browser, for .ci/team: the administrator becomes it by the link, invites two colleagues,
// who choose their passwords; the next day, elsewhere, all is there.
//
//   PLAYWRIGHT=…/index.mjs node team.mjs <base URL> first-day <link> | next-day

import assert from 'node:assert/strict';

const [base, day, link] = process.argv.slice(2);
const { chromium } = await import(process.env.PLAYWRIGHT);
const ADA = { email: 'ada@example.com', fullName: 'Ada Lovelace', password: 'kayak in the rain' };
const TEAM = [
  { email: 'mia@example.com', fullName: 'Mia', role: 'MANAGER', password: 'an umbrella for two' },
  { email: 'ben@example.com', fullName: 'Ben', role: 'AGENT', password: 'möwe über dem Hafen' },
];

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
});
const complaints = [];
try {
  await (day === 'first-day' ? firstDay() : nextDay());
  assert.deepEqual(complaints, []);
  console.log(`ok: ${day}`);
} finally {
  await browser.close();
}

async function firstDay() {
  assert(link?.startsWith(`${base}/welcome#crm_admin_`), `a link, not ${link}`);
  const page = await open(link);
  await page.getByLabel('E-mail address').fill(ADA.email);
  await choose(page, 'password123');
  await page.locator('#fault-password', { hasText: 'too easy to guess' }).waitFor();
  await page.locator('#fault-fullName', { hasText: 'is needed' }).waitFor();
  await page.getByLabel('Name', { exact: true }).fill(ADA.fullName);
  await choose(page, ADA.password);
  await page.getByText(`Welcome, ${ADA.fullName}`).waitFor();
  assert(!page.url().includes('crm_admin_'), 'the used token stays in the address');
  await page.getByRole('link', { name: 'Go on' }).click();
  await page.getByText('This server keeps the leads of a company').waitFor();

  const session = await page.evaluate(() => JSON.parse(sessionStorage.getItem('crm.session')));
  for (const { password, ...input } of TEAM) {
    const { inviteUser } = await ask(page, session.token, `mutation ($input: InviteUserInput!) {
      inviteUser(input: $input) { link user { isActive } } }`, { input });
    assert.equal(inviteUser.user.isActive, false);
    const theirs = await open(inviteUser.link);
    await theirs.getByLabel('Name', { exact: true }).fill(`${input.fullName} Neumann`);
    await choose(theirs, password);
    await theirs.getByText(`Welcome, ${input.fullName} Neumann`).waitFor();
    await theirs.context().close();

    const again = await open(inviteUser.link);
    await choose(again, password);
    await again.getByText('The link is not valid').waitFor();
    await again.context().close();
  }
  const ben = await signIn(page, TEAM[1]);
  await ask(page, ben, `mutation { createLead(input: { lastName: "Kowalski", email: "jan@kowalski.example" }) {
    lead { id } } }`);
}

async function nextDay() {
  const page = await open(`${base}/`);
  for (const [who, seen] of [[ADA, 1], [TEAM[0], 0], [TEAM[1], 1]]) {
    const { leads } = await ask(page, await signIn(page, who), '{ leads { totalCount } }');
    assert.equal(leads.totalCount, seen, who.email);
  }
}

// A page of somebody's own browser. Errors that the page or its policy report are collected.
async function open(url) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on('pageerror', (error) => complaints.push(`${error}`));
  page.on('console', (message) => {
    // A refusal by its status is written by the browser itself.
    if (message.type() === 'error' && !message.text().includes('status of 4')) complaints.push(message.text());
  });
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== base) complaints.push(`asked ${request.url()}`);
  });
  await page.goto(url);
  return page;
}

async function choose(page, password) {
  await page.locator('#password').fill(password);
  await page.getByRole('button').click();
}

async function signIn(page, { email, password }) {
  const { login } = await ask(page, null, `mutation ($input: LoginInput!) { login(input: $input) { token } }`, {
    input: { email, password },
  });
  return login.token;
}

async function ask(page, token, query, variables = {}) {
  const answer = await page.evaluate(async ([token, query, variables]) => {
    const headers = { 'content-type': 'application/json' };
    if (token) headers.authorization = `Bearer ${token}`;
    const body = JSON.stringify({ query, variables });
    return (await fetch('/graphql', { method: 'POST', headers, body })).json();
  }, [token, query, variables]);
  assert.equal(answer.errors, undefined, JSON.stringify(answer));
  return answer.data;
}
