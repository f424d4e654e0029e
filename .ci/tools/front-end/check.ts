// Uses the files of docs/guide/front-end.md in a browser, as an application does: each client signs
// in, shows a list that grows and follows changes, meets a conflict, and loses its session.
// `window.checked` becomes the list of what was found to hold.

import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import * as apollo from './src/apollo';
import { type CrmError, errorWith, faultsByField } from './src/errors';
import type { LeadsQuery } from './src/gql/graphql';
import { Statistics } from './src/operations';
import { persistedQueries } from './src/persisted';
import * as relay from './src/relay';
import { authorization, beginSession, endSession, onSessionEnd, url } from './src/session';
import { watchStatistics } from './src/statistics';
import * as urql from './src/urql';

declare global {
  interface Window {
    checked: Promise<string[]>;
    /** Takes the network away, or brings it back. */
    setOffline(offline: boolean): Promise<void>;
  }
}

const PASSWORD = 'development-only';
const MANAGER = 'maria.schmidt@example.com';
const AGENT = 'piotr.nowak@example.com';
const clients = { 'Apollo Client': apollo, urql, Relay: relay };
type Lead = { readonly id: string; readonly status: string; readonly version: number };

// From another origin only what differs for it is asked: the clients' headers, answers and errors. A
// debug build takes a second to check a password.
const isThorough = location.search === '?thorough';
let ended = 0;
onSessionEnd(() => (ended += 1));
window.checked = checkAll();

async function checkAll(): Promise<string[]> {
  const held: string[] = [];
  for (const [name, client] of Object.entries(clients)) {
    await check(client).catch((error) => {
      throw new Error(`${name}: ${error.stack}`);
    });
    held.push(name);
  }
  await checkKeysOfUrql();
  await checkPersistedQueries();
  held.push('persisted queries');
  if (isThorough) {
    await checkStatistics();
    held.push('polling');
  }
  return held;
}

async function check(client: (typeof clients)[keyof typeof clients]): Promise<void> {
  if (isThorough) {
    const endedFirst = ended;
    // Nobody's address, as the fifth refusal within a minute would lock somebody's account.
    const refused = await client.signIn(`${crypto.randomUUID()}@example.com`, PASSWORD).then(() => [], errorsOf);
    assert(errorWith('UNAUTHENTICATED', refused), 'whom nobody knows is refused');
    assert(!authorization()['authorization'], 'nobody is signed in by it');
    assertEqual(ended, endedFirst, 'sessions that are ended by it');
  }

  await client.signIn(MANAGER, PASSWORD);
  const expected = await firstLeads(51);
  let shown: readonly Lead[] = [];
  let failure: unknown;
  const watch = () => client.watchLeads((leads) => (shown = leads), (error) => (failure = error));
  const list = watch();
  const shows = (count: number) => until(`${count} leads are shown`, () => shown.length === count);
  await shows(25);
  await list.nextPage();
  await shows(50);
  assertEqual(shown.map(({ id }) => id), expected.slice(0, 50), 'both pages, in order, no lead twice');

  const seen = shown[30]!;
  const mine = seen.status === 'CALLBACK' ? 'QUALIFIED' : 'CALLBACK';
  const inList = () => shown.find(({ id }) => id === seen.id)!;
  const input = { id: seen.id, status: mine, expectedVersion: seen.version } as const;
  assertEqual(await client.changeLead(input), undefined, 'a change without a conflict');
  await until('the list shows the change', () => inList().status === mine);
  assertEqual(inList().version, seen.version + 1, 'the version after a change');
  assertEqual(shown.length, 50, 'the list has both pages still');

  // Twice, as a cache may have nothing to be stale the first time.
  for (const status of ['PROPOSAL', 'NEGOTIATION']) {
    const { version } = inList();
    await ask('mutation ($input: UpdateLeadInput!) { updateLead(input: $input) { lead { id } } }', {
      input: { id: seen.id, status },
    });
    const again = { id: seen.id, status: 'QUALIFIED', expectedVersion: version } as const;
    const conflict = await client.changeLead(again);
    assertEqual(conflict?.extensions.code, 'CONFLICT', 'the code of the conflict');
    assertEqual(conflict?.extensions.current, { status }, 'the present values');
    await until('the list shows what somebody else wrote', () => inList().status === status);
    const { currentVersion } = conflict!.extensions;
    assertEqual(await client.changeLead({ ...again, expectedVersion: currentVersion! }), undefined, 'after the decision');
    await until('the list shows the decision', () => inList().status === 'QUALIFIED');
  }

  const faulty = await client.changeLead({ id: seen.id, email: 'x', phone: '12' }).then(() => [], errorsOf);
  const faults = faultsByField(errorWith('INVALID_DATA', faulty)!);
  assertEqual(Object.keys(faults).sort(), ['input.email', 'input.phone'], 'the faulty fields');

  await ask('mutation { logout { loggedOut } }', {});
  const endedBefore = ended;
  await list.nextPage().catch((error) => (failure = error));
  await until('the end of the session is noticed', () => ended > endedBefore && failure !== undefined);
  assert(errorWith('UNAUTHENTICATED', errorsOf(failure)), 'the error of the lost session');
  assert(!authorization()['authorization'], 'the token is forgotten');
  list.stop();
  if (!isThorough) return;

  await client.signIn(AGENT, PASSWORD);
  const visible = await firstLeads(25);
  shown = [];
  const agents = watch();
  await until('the next user has a list', () => shown.length > 0);
  assertEqual(shown.map(({ id }) => id), visible, 'the next user sees no list of the last one');
  agents.stop();
  endSession();
  const left = relay.environment.getStore().getSource().getRecordIDs();
  assert(!left.includes(seen.id), 'nothing of the session is left');
}

/** Graphcache warns in the console of a type that has neither an id nor an entry under `keys`. */
async function checkKeysOfUrql(): Promise<void> {
  await signIn();
  const { data } = await urql.client.query(Statistics, {});
  assert(data?.leadStatistics?.leadsByStatus.length, 'statistics by urql');
  endSession();
}

/** The hash alone is sent first, then the text once, then the hash alone. */
async function checkPersistedQueries(): Promise<void> {
  await signIn();
  const sent: boolean[] = [];
  const http = new HttpLink({
    uri: url,
    headers: authorization(),
    fetch: (uri, init) => {
      sent.push('query' in JSON.parse(String(init?.body)));
      return fetch(uri, init);
    },
  });
  const link = ApolloLink.from([persistedQueries, http]);
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  // A text that the server has not seen: it keeps the hashes of all that it is sent.
  const document = gql(`query Leads${Date.now()} { leads(first: 5) { edges { node { id } } } }`);
  const query = () => client.query<LeadsQuery>({ query: document, fetchPolicy: 'network-only' });
  assertEqual((await query()).data?.leads?.edges.length, 5, 'leads');
  assertEqual(sent.splice(0), [false, true], 'the hash, then the text');
  assertEqual((await query()).data?.leads?.edges.length, 5, 'leads');
  assertEqual(sent, [false], 'the hash alone');
  endSession();
}

/** Polls while the tab is visible, less often while the network is away, and no longer than the session. */
async function checkStatistics(): Promise<void> {
  await signIn();
  const totals: number[] = [];
  const interval = 500;
  watchStatistics((statistics) => totals.push(statistics?.totalLeads ?? -1), interval);
  await until('statistics are shown', () => totals.length === 1);
  const requests = () => performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('/graphql')).length;
  const askedWithin = async (intervals: number) => {
    const before = requests();
    await pause(intervals * interval);
    return requests() - before;
  };

  hideTab(true);
  await createLead();
  // A request that was on its way is over then.
  await pause(interval);
  assertEqual(await askedWithin(3), 0, 'requests of a hidden tab');
  hideTab(false);
  await until('a visible tab asks', () => totals.at(-1) === totals[0]! + 1);
  await createLead();
  await until('it asks again', () => totals.at(-1) === totals[0]! + 2);

  await window.setOffline(true);
  await pause(3 * interval);
  await window.setOffline(false);
  assertEqual(await askedWithin(2), 0, 'requests after an error');
  await createLead();
  await until('it asks later', () => totals.at(-1) === totals[0]! + 3);
  const [begin, before] = [Date.now(), requests()];
  await until('three requests more', () => requests() >= before + 3);
  assert(Date.now() - begin < 3 * 12 * interval, 'it asks as often as before');

  endSession();
  assertEqual(await askedWithin(3), 0, 'requests after the session');
  assertEqual(apollo.client.getObservableQueries('active').size, 0, 'queries that are watched after the session');
}

function hideTab(hidden: boolean): void {
  Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
}

async function signIn(): Promise<void> {
  const login = 'mutation ($input: LoginInput!) { login(input: $input) { token } }';
  beginSession((await ask(login, { input: { email: MANAGER, password: PASSWORD } })).login.token);
}

function createLead(): Promise<unknown> {
  const input = { lastName: 'Polled', phone: '+48 601 234 567' };
  return ask('mutation ($input: CreateLeadInput!) { createLead(input: $input) { lead { id } } }', { input });
}

async function firstLeads(first: number): Promise<string[]> {
  const data = await ask('query ($first: Int!) { leads(first: $first) { nodes { id } } }', { first });
  return data.leads.nodes.map(({ id }: Lead) => id);
}

/** What happens elsewhere: asks without any of the clients. */
async function ask(query: string, variables: object): Promise<any> {
  const headers = { 'content-type': 'application/json', ...authorization() };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  const { data, errors } = await response.json();
  assert(!errors, JSON.stringify(errors));
  return data;
}

/** The errors of the answer, by the name that each client has for them. */
function errorsOf(error: unknown): CrmError[] {
  const { errors, graphQLErrors } = error as { errors?: CrmError[]; graphQLErrors?: CrmError[] };
  const found = errors ?? graphQLErrors;
  if (!found) throw error;
  return found;
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; !holds(); await pause(20)) assert(Date.now() < end, `never: ${what}`);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function assert(holds: unknown, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

function assertEqual(found: unknown, expected: unknown, what: string): void {
  const [left, right] = [JSON.stringify(found), JSON.stringify(expected)];
  assert(left === right, `${what}: ${left}, expected ${right}`);
}
