// Types for TypeScript, from the schema and the operations of the documentation.
export default {
  schema: 'schema.graphql',
  documents: 'codegen/operations/*.graphql',
  generates: {
    'codegen/generated/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        strictScalars: true,
        scalars: { DateTime: 'string', Date: 'string', JSON: 'unknown', Position: 'string' },
        enumsAsTypes: true,
        useTypeImports: true,
      },
    },
  },
};
