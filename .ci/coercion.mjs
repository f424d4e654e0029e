import { readFileSync } from 'node:fs';
import {
  buildSchema, getDirectiveValues, getNamedType, getOperationAST, GraphQLError, GraphQLIncludeDirective,
  GraphQLSkipDirective, isAbstractType, isCompositeType, isObjectType, Kind, parse, TypeNameMetaFieldDef,
  validate, valueFromASTUntyped,
} from 'graphql';
import { getArgumentValues, getVariableValues } from 'graphql/execution/values.js';

const [pairsFile, schemaFile] = process.argv.slice(2);
const schema = buildSchema(readFileSync(schemaFile, 'utf8'));

// What our own scalars accept.
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const DAY = /^\d{4}-\d\d-\d\d$/;
const POSITION = /^\d+$/;
const text = (name, pattern) => ({
  parseValue: (value) => {
    if (typeof value !== 'string' || !pattern.test(value)) throw new GraphQLError(`no ${name}: ${value}`);
    return value;
  },
  parseLiteral: (node) => {
    if (node.kind !== Kind.STRING || !pattern.test(node.value)) throw new GraphQLError(`no ${name}`);
    return node.value;
  },
});
const OWN = { DateTime: text('moment', MOMENT), Date: text('day', DAY), Position: text('position', POSITION) };
for (const [name, type] of Object.entries(schema.getTypeMap())) {
  if (OWN[name]) Object.assign(type, OWN[name]);
  if (name === 'JSON') type.parseLiteral = (node, variables) => valueFromASTUntyped(node, variables ?? {});
}

// JSON with the keys of each object in one order; what is undefined is left out, or null in a list.
const canonical = (value) =>
  JSON.stringify(value, (_, member) =>
    member && typeof member === 'object' && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member);

function verdict({ query, operationName, variables }) {
  let document;
  try {
    document = parse(query);
  } catch (error) {
    return { errors: [error.message] };
  }
  const faults = validate(schema, document);
  if (faults.length) return { errors: faults.map((fault) => fault.message) };
  const operation = getOperationAST(document, operationName);
  if (!operation) return { errors: ['no such operation'] };
  const coerced = getVariableValues(schema, operation.variableDefinitions ?? [], JSON.parse(variables));
  if (coerced.errors) return { errors: coerced.errors.map((error) => error.message) };
  const fragments = new Map(
    document.definitions.filter((d) => d.kind === Kind.FRAGMENT_DEFINITION).map((d) => [d.name.value, d]));
  const found = {};
  const root = schema.getRootType(operation.operation);
  try {
    collect(operation.selectionSet, root, '');
  } catch (error) {
    return { errors: [error.message] };
  }
  return { found };

  function isSkipped(node) {
    const value = (directive) => getDirectiveValues(directive, node, coerced.coerced);
    return value(GraphQLSkipDirective)?.if === true || value(GraphQLIncludeDirective)?.if === false;
  }

  // An object's fields stand for those of all concrete types that it may be of.
  function collect(set, type, path) {
    for (const selection of set.selections) {
      if (isSkipped(selection)) continue;
      if (selection.kind === Kind.FIELD) {
        const name = selection.name.value;
        const field = name === '__typename' ? TypeNameMetaFieldDef : type.getFields()[name];
        const here = `${path}/${selection.alias?.value ?? name}`;
        const values = getArgumentValues(field, selection, coerced.coerced);
        (found[here] ??= new Set()).add(canonical([name, values]));
        if (selection.selectionSet) collect(selection.selectionSet, getNamedType(field.type), here);
        continue;
      }
      const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection;
      const on = fragment.typeCondition ? schema.getType(fragment.typeCondition.name.value) : type;
      // Of an object nothing is selected by a fragment for others.
      if (isObjectType(type)) {
        const applies = on === type || (isAbstractType(on) && schema.isSubType(on, type));
        if (applies) collect(fragment.selectionSet, type, path);
      } else if (isCompositeType(on)) collect(fragment.selectionSet, on, path);
    }
  }
}

const counts = { pairs: 0, valid: 0, withVariables: 0, nullableInNestedOneOf: 0, differences: 0 };
const messages = [];
for (const line of readFileSync(pairsFile, 'utf8').split('\n')) {
  if (!line) continue;
  const pair = JSON.parse(line);
  const theirs = verdict(pair);
  counts.pairs += 1;
  counts.valid += theirs.found ? 1 : 0;
  counts.withVariables += pair.variables === '{}' ? 0 : 1;
  const told = (found) => found && canonical(Object.fromEntries(
    Object.entries(found).map(([path, values]) => [path, [...values].map((v) => canonical(JSON.parse(v))).sort()])));
  if (told(theirs.found) === told(pair.arguments ?? undefined)) continue;
  // A variable that may be null must not stand in an input of which exactly one field is given (All Variable
  // Usages Are Allowed); graphql-js 16 looks at inputs that stand in an argument itself, not at nested ones.
  const isOneOf = (error) => error.includes('must be non-nullable to be used for OneOf Input Object');
  if (theirs.found && pair.errors?.length && pair.errors.every(isOneOf)) {
    counts.nullableInNestedOneOf += 1;
    continue;
  }
  counts.differences += 1;
  if (messages.length < 20) {
    const ours = pair.arguments ? told(pair.arguments) : pair.errors;
    messages.push({ ...pair, arguments: undefined, errors: undefined, ours, theirs: told(theirs.found) ?? theirs.errors });
  }
}
for (const message of messages) console.error(message);
console.log(counts);
if (counts.pairs < 5000 || counts.valid < 1000 || counts.withVariables < 1000) throw new Error('too few pairs');
if (counts.differences) throw new Error(`${counts.differences} pairs are judged otherwise by graphql-js`);
