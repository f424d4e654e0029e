// Uses of the generated types as an application has them: tsc says whether they fit. What must not
// compile is marked, and its compiling is an error.

import { ApolloClient, HttpLink, InMemoryCache } from '@apollo/client';
import type { LeadStatus } from './generated/graphql';
import {
  AssignLeadsDocument,
  CreateLeadDocument,
  CreateLeadsDocument,
  LeadDocument,
  LoginDocument,
} from './generated/graphql';

const client = new ApolloClient({
  link: new HttpLink({ uri: 'http://127.0.0.1:8000/graphql' }),
  cache: new InMemoryCache(),
});

export async function signIn(): Promise<string | undefined> {
  const { data } = await client.mutate({ mutation: LoginDocument });
  // @ts-expect-error: a field that failed is null.
  void data?.login.token;
  return data?.login?.token;
}

export async function statusOf(leadId: string): Promise<LeadStatus | undefined> {
  const { data } = await client.query({ query: LeadDocument, variables: { leadId } });
  const entries = data?.lead?.timeline?.nodes ?? [];
  const names: string[] = entries.map((entry) => entry.by?.fullName ?? '');
  const texts: string[] = entries.map((entry) => ('content' in entry ? entry.content : ''));
  // @ts-expect-error: changes have no text.
  void entries.map((entry) => entry.content);
  void [names, texts];
  // @ts-expect-error: the operation does not ask for it.
  void data?.lead?.leadScore;
  return data?.lead?.status;
}

export async function assign(leadId: string, agentId: string): Promise<number> {
  // @ts-expect-error: a variable is missing.
  void client.mutate({ mutation: AssignLeadsDocument, variables: { leadId } });
  const { data } = await client.mutate({
    mutation: AssignLeadsDocument,
    variables: { leadId, agentId },
  });
  return data?.assignLeads?.failed ?? 0;
}

export async function create(): Promise<readonly string[]> {
  const created = await client.mutate({ mutation: CreateLeadDocument });
  const row = { firstName: 'Jan', lastName: 'Kowalski', source: 'REFERRAL' as const };
  const rows = await client.mutate({
    mutation: CreateLeadsDocument,
    variables: { leads: [row, { ...row, customFields: { fleet: { trucks: 40 } } }] },
  });
  // @ts-expect-error: there is no such source.
  void client.mutate({ mutation: CreateLeadsDocument, variables: { leads: [{ ...row, source: 'X' }] } });
  const ids = rows.data?.createLeads?.results?.map((result) => result.id ?? '') ?? [];
  return [created.data?.createLead?.lead?.id ?? '', ...ids];
}
