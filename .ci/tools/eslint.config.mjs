// graphql-eslint's recommended rules for schemas, and its rules for Relay.

import graphql from '@graphql-eslint/eslint-plugin';

const { 'flat/schema-recommended': recommended, 'flat/schema-relay': relay } = graphql.configs;

export default [
  {
    files: ['schema.graphql'],
    languageOptions: {
      parser: graphql.parser,
      parserOptions: { graphQLConfig: { schema: 'schema.graphql' } },
    },
    plugins: { '@graphql-eslint': graphql },
    rules: {
      ...recommended.rules,
      ...relay.rules,
      // More than is recommended: everything is described. The arguments of the directives are
      // GraphQL's own.
      '@graphql-eslint/require-description': [
        'error',
        {
          types: true,
          rootField: true,
          DirectiveDefinition: true,
          FieldDefinition: true,
          InputValueDefinition: true,
          EnumValueDefinition: true,
          ignoredSelectors: ['DirectiveDefinition > InputValueDefinition'],
        },
      ],
      // What can be fetched again has an id: leads, users, notes, changes. The rest are values that belong to
      // the answer they stand in; the rule's own exceptions are for these.
      '@graphql-eslint/strict-id-in-types': [
        'error',
        {
          exceptions: {
            suffixes: ['Connection', 'Edge', 'PageInfo', 'Payload', 'Statistics', 'Count', 'Error'],
            types: ['BulkRowResult', 'FieldChange', 'FieldFault', 'FieldValue', 'LeadPermissions', 'ScoreLine', 'UserPermissions'],
          },
        },
      ],
      // The timeline is read in one direction.
      '@graphql-eslint/relay-arguments': ['error', { includeBoth: false }],
      // Connections have `nodes` beside `edges`, and not every list is a connection.
      '@graphql-eslint/relay-edge-types': ['error', { listTypeCanWrapOnlyEdgeType: false }],
      // Two findings are suppressed in eslint-suppressions.json: `Lead.leadScore`, which is called so
      // since the first version of the API, and `Change.changes`, for which there is no better word.
    },
  },
];
