// Types for the operations of the documentation, generated as docs/guide/front-end.md says.
import page from '../front-end/codegen';

export default {
  ...page,
  documents: 'codegen/operations/*.graphql',
  generates: { 'codegen/generated/': Object.values(page.generates)[0] },
};
