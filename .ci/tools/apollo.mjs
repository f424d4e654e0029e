// Apollo Client with its automatic persisted queries: signs in, asks a query by its hash alone,
// makes a change, and is refused.
//
//   node apollo.mjs http://127.0.0.1:8000

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';

const [base] = process.argv.slice(2);
let token;
const sent = [];
const http = new HttpLink({
  uri: `${base}/graphql`,
  fetch: (uri, { headers, ...rest }) => {
    sent.push(JSON.parse(rest.body));
    const authorization = token ? { authorization: `Bearer ${token}` } : {};
    return fetch(uri, { ...rest, headers: { ...headers, ...authorization } });
  },
});
const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const client = new ApolloClient({
  link: ApolloLink.from([new PersistedQueryLink({ sha256 }), http]),
  cache: new InMemoryCache(),
});

const login = gql`
  mutation SignIn($email: String!, $password: String!) {
    login(input: { email: $email, password: $password }) { token user { id role } }
  }
`;
const variables = { email: 'admin@example.com', password: 'development-only' };
const signedIn = await client.mutate({ mutation: login, variables });
({ token } = signedIn.data.login);
assert.equal(signedIn.data.login.user.role, 'ADMIN');

const page = gql`
  query Page($search: String!, $first: Int!) {
    leads(search: $search, first: $first) { totalCount nodes { id fullName version } }
  }
`;
const ask = { query: page, variables: { search: 'gmail', first: 5 }, fetchPolicy: 'network-only' };
sent.length = 0;
const { data } = await client.query(ask);
assert.equal(data.leads.nodes.length, 5);
assert.deepEqual(sent.map(({ query }) => !!query), [false, true], 'first the hash, then the text');
sent.length = 0;
assert.deepEqual((await client.query(ask)).data, data);
assert.deepEqual(sent.map(({ query }) => !!query), [false], 'from then on the hash');

const addTag = gql`
  mutation AddTag($input: TagInput!) { addTag(input: $input) { lead { id tags version } } }
`;
const [{ id, version }] = data.leads.nodes;
const tagged = await client.mutate({ mutation: addTag, variables: { input: { id, tag: 'Apollo' } } });
assert(tagged.data.addTag.lead.tags.includes('apollo'));
const cached = client.readQuery(ask).leads.nodes[0];
assert.equal(cached.version, tagged.data.addTag.lead.version, 'the cache knows the lead by its id');

const stale = { mutation: addTag, variables: { input: { id, tag: 'late', expectedVersion: version } } };
const refusal = await client.mutate(stale).catch((error) => error);
assert(CombinedGraphQLErrors.is(refusal), `${refusal}`);
assert.equal(refusal.errors[0].extensions.code, 'CONFLICT');
assert.equal(refusal.errors[0].extensions.currentVersion, cached.version);

console.log('Apollo Client: a query, by its hash too, a change and a refusal are as they should be');
client.stop();
