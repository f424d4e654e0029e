// What a Relay application asks besides docs/guide/front-end.md: lists in a user and in a lead, a lead
// that is fetched again by its id alone, and changes whose answers are put into a list. relay-compiler
// checks each against the schema and what Relay demands of one: Node, connections, edges, cursors.

import { graphql } from 'relay-runtime';

export const leadsPage = graphql`
  query leadsPageQuery($count: Int!) {
    me {
      ...leadsMine @arguments(count: $count)
    }
  }
`;

export const leadsMine = graphql`
  fragment leadsMine on User
  @argumentDefinitions(count: { type: "Int", defaultValue: 25 }, cursor: { type: "String" })
  @refetchable(queryName: "leadsMinePaginationQuery") {
    leads(first: $count, after: $cursor) @connection(key: "leadsMine_leads") {
      edges {
        node {
          ...leadsRow
        }
      }
    }
  }
`;

export const leadsRow = graphql`
  fragment leadsRow on Lead
  @argumentDefinitions(count: { type: "Int", defaultValue: 10 }, cursor: { type: "String" })
  @refetchable(queryName: "leadsRowPaginationQuery") {
    fullName
    status
    nextFollowUp
    customFields
    notes(first: $count, after: $cursor) @connection(key: "leadsRow_notes") {
      edges {
        node {
          content
        }
      }
    }
  }
`;

export const leadsTimeline = graphql`
  fragment leadsTimeline on Lead
  @argumentDefinitions(count: { type: "Int", defaultValue: 10 }, cursor: { type: "String" })
  @refetchable(queryName: "leadsTimelinePaginationQuery") {
    timeline(first: $count, after: $cursor) @connection(key: "leadsTimeline_timeline") {
      edges {
        node {
          at
          by {
            fullName
          }
          ... on Change {
            changes {
              field
              after {
                display
              }
            }
          }
        }
      }
    }
  }
`;

export const leadsCreate = graphql`
  mutation leadsCreateMutation($input: CreateLeadInput!, $connections: [ID!]!) {
    createLead(input: $input) {
      lead @prependNode(connections: $connections, edgeTypeName: "LeadEdge") {
        ...leadsRow
      }
    }
  }
`;

export const leadsDelete = graphql`
  mutation leadsDeleteMutation($input: DeleteLeadInput!, $connections: [ID!]!) {
    deleteLead(input: $input) {
      deletedLeadId @deleteEdge(connections: $connections)
    }
  }
`;
