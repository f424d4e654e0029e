// Uses /graphiql of a running server as a person would, in headless Chromium: signs in, runs each
// example with the token, opens a second tab, types a header. Fails if the page asks another machine for anything,
// breaks its Content-Security-Policy or writes an error to the console.
//
//   PLAYWRIGHT=…/index.mjs node graphiql.mjs <base URL> <e-mail> <password> [real|fallback]
//
// SCREENSHOTS names a folder for pictures of each step.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { fallbackPage, realPage } from './graphiql-pages.mjs';

const [base, email, password, expected = 'real'] = process.argv.slice(2);
assert(password, 'usage: graphiql.mjs <base URL> <e-mail> <password> [real|fallback]');
const { chromium } = await import(process.env.PLAYWRIGHT);

const origin = new URL(base).origin;
const endpoint = `${origin}/graphql`;
const complaints = [];
const requests = [];

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});
const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
context.setDefaultTimeout(20_000);
context.on('page', watch);
const page = await context.newPage();
try {
  await visit();
  assert.deepEqual(complaints, []);
  console.log(`ok: GraphiQL (${expected}), ${requests.length} requests, all to ${origin}`);
} catch (error) {
  console.error(complaints.join('\n'));
  console.error(await page.locator('body').innerText());
  await picture('failed');
  throw error;
} finally {
  await browser.close();
}

async function visit() {
  await page.goto(`${base}/graphiql`);
  const ui = expected === 'real' ? realPage(page) : fallbackPage(page);
  // The first start fetches the files; until then a page says so and loads itself again.
  await page.waitForSelector(ui.ready, { timeout: 90_000 });
  await picture('opened');

  await ui.choose('HotLeads');
  await ui.run();
  await ui.sees(/UNAUTHENTICATED/);

  await ui.choose('SignIn');
  await ui.replace('query', signIn());
  await ui.run();
  await ui.sees(/"token": "\S+"/);
  const { token } = (await lastAnswer('SignIn')).data.login;
  await page.getByText(/Signed in/).waitFor();
  await picture('signed-in');

  await page.reload();
  await page.getByText(/Signed in/).waitFor();
  await ui.choose('HotLeads');
  await ui.run();
  await ui.sees(/"nodes": \[/);
  assert.equal(lastRequest('HotLeads').headers().authorization, `Bearer ${token}`);
  assert.equal(typeof (await lastAnswer('HotLeads')).data.leads.totalCount, 'number');
  await picture('hot-leads');

  await everyExample(ui);
  await typedSecrets(ui);
  await secondTab();
  await ui.choose('Dashboard');
  await ui.replace('headers', JSON.stringify({ authorization: `Bearer ${token}` }));
  // An answer that takes a while: GraphiQL's history has the query by then, with its headers.
  await page.route('**/graphql', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 500));
    await route.continue();
  });
  await ui.run();
  await ui.sees(/"totalLeads": \d+/);
  assert.equal(lastRequest('Dashboard').headers().authorization, `Bearer ${token}`);
  await picture('dashboard');

  await ui.lookAround();
  await picture('looked-around');

  const lasting = await page.evaluate(() => JSON.stringify(localStorage));
  assert(!lasting.includes(token), 'the token must not stay in lasting storage');
  assert(!lasting.includes(password), 'no password must stay in lasting storage');
}

// Each example does without an error what it says; the id that one of them asks for is typed.
async function everyExample(ui) {
  const { nodes } = (await lastAnswer('HotLeads')).data.leads;
  const examples = await page.evaluate(async () => (await import('/graphiql/assets/examples.js')).examples);
  assert(examples.length >= 8);
  for (const { name, variables } of examples.filter(({ name }) => name !== 'SignIn')) {
    await ui.choose(name);
    if (variables?.includes('<')) {
      await ui.replace('variables', variables.replace('<the id of a lead>', nodes[0].id));
    }
    const answered = page.waitForResponse((response) => isOf(response.request(), name));
    await ui.run();
    const answer = await (await answered).json();
    assert.equal(answer.errors, undefined, `${name}: ${JSON.stringify(answer.errors)}`);
    for (const value of Object.values(answer.data)) assert(value, `${name}: ${JSON.stringify(answer)}`);
  }
  await picture('examples');
}

// A password is typed under a name of one's own, in the variables: it is not stored either.
async function typedSecrets(ui) {
  await ui.choose('SignIn');
  const document = 'mutation SignIn($mine: String!) { login(input: { email: "x@y.example", password: $mine }) { token } }';
  await ui.replace('query', document);
  await ui.replace('variables', JSON.stringify({ mine: `${password}-wrong` }));
  const answered = page.waitForResponse((response) => isOf(response.request(), 'SignIn'));
  await ui.run();
  assert.equal((await (await answered).json()).errors[0].extensions.code, 'UNAUTHENTICATED');
  // GraphiQL stores what is typed half a second later.
  await page.waitForTimeout(1_500);
  const lasting = await page.evaluate(() => JSON.stringify(localStorage));
  assert(!lasting.includes(password), 'a password must not stay in lasting storage');
}

// A new tab has the token of the open one, and forgets it for both.
async function secondTab() {
  const other = await context.newPage();
  await other.goto(`${base}/graphiql`);
  await other.getByText(/Signed in as/).waitFor();
  await other.getByText('Forget the token').click();
  await other.getByText(/Not signed in/).waitFor();
  await page.getByText(/Not signed in/).waitFor();
  await other.reload();
  await other.getByText(/Not signed in/).waitFor();
  await other.close();
}

function signIn() {
  const input = `email: ${JSON.stringify(email)}, password: ${JSON.stringify(password)}`;
  return `mutation SignIn { login(input: { ${input} }) { token user { fullName role } } }`;
}

function watch(page) {
  page.on('pageerror', (error) => complaints.push(`exception: ${error.stack}`));
  page.on('console', (message) => {
    // GraphiQL warns about its own dialogs; a broken policy is an error.
    if (message.type() !== 'error') return;
    // How the server answers a request without a token is not the page's affair.
    if (message.location().url === endpoint) return;
    complaints.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    requests.push(request);
    const { protocol, origin: asked } = new URL(request.url());
    if (protocol !== 'data:' && asked !== origin) complaints.push(`foreign: ${request.url()}`);
  });
  page.on('response', (response) => {
    if (response.url() !== endpoint && !response.ok()) {
      complaints.push(`${response.status()}: ${response.url()}`);
    }
  });
}

// By the operation's name: GraphiQL asks for the schema in between.
function lastRequest(name) {
  return requests.findLast((request) => isOf(request, name));
}

function isOf(request, name) {
  const operation = new RegExp(`(query|mutation) ${name}\\b`);
  return request.url() === endpoint && operation.test(request.postDataJSON().query);
}

async function lastAnswer(name) {
  const response = await lastRequest(name).response();
  return response.json();
}

async function picture(name) {
  const folder = process.env.SCREENSHOTS;
  if (folder) await page.screenshot({ path: join(folder, `${expected}-${name}.png`) });
}
