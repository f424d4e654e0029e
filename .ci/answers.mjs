import { deepStrictEqual } from 'node:assert';
import { readFileSync } from 'node:fs';
import { buildSchema, executeSync, isNonNullType, isObjectType, parse, validate } from 'graphql';

const [answersFile, schemaFile] = process.argv.slice(2);
const schema = buildSchema(readFileSync(schemaFile, 'utf8'));
// Scalars of our own are taken as they are.
for (const type of Object.values(schema.getTypeMap())) if (type.serialize) type.serialize = (value) => value;

// Fields that may be null for other reasons than a failure: they hold what was read already. `results` fail
// by their cost alone (tests/it/api/answer_size.rs).
const PLAIN = new Set(`AgentStatistics.user ApiKey.lastUsedAt ApiKey.revokedAt BulkRowResult.error BulkRowResult.id
  CreateApiKeyPayload.secret Lead.archivedAt Lead.company Lead.firstName Lead.jobTitle Lead.lastName
  Lead.daysSinceLastContact Lead.email Lead.lastContactDate Lead.nextFollowUp Lead.phone
  Lead.statusBeforeArchive PageInfo.endCursor PageInfo.startCursor User.oidcSubject
  AddTagPayload.lead ArchiveLeadPayload.lead CreateLeadPayload.lead RecordCallAttemptPayload.lead
  RemoveTagPayload.lead RescoreLeadPayload.lead RestoreLeadPayload.lead UpdateLeadPayload.lead
  UpdateScorePayload.lead AddNotePayload.note EditNotePayload.note CreateExportPayload.url InviteUserPayload.user
  InviteUserPayload.link InviteUserPayload.linkExpiresAt ResetPasswordPayload.user ResetPasswordPayload.link
  ResetPasswordPayload.linkExpiresAt User.invitedAt
  UpdateUserPayload.user DeactivateUserPayload.user CreateApiKeyPayload.apiKey
  RevokeApiKeyPayload.apiKey CreateLeadsPayload.results BulkUpdateStatusPayload.results
  AssignLeadsPayload.results BulkTagPayload.results BulkArchivePayload.results BulkRestorePayload.results User.can User.createdAt User.email User.isActive User.role`.split(/\s+/));

const failed = new Set();
const wrong = [];

// node() and nodes() are asked for leads. An entry of the timeline is of the type whose fields it has.
function typeOf(value, _, info, abstract) {
  if (abstract.name === 'Node') return 'Lead';
  const keys = (type, set) => set.selections.flatMap((selection) => {
    if (selection.kind === 'Field') return [selection.alias?.value ?? selection.name.value];
    const on = selection.typeCondition?.name.value;
    return [undefined, type, abstract.name].includes(on) ? keys(type, selection.selectionSet) : [];
  });
  const has = JSON.stringify(Object.keys(value).sort());
  const candidates = schema.getPossibleTypes(abstract).map((type) => type.name);
  return candidates.find((type) => JSON.stringify([...new Set(keys(type, info.fieldNodes[0].selectionSet))].sort()) === has);
}

// Runs the query over the answer's own data: graphql-js then finds every value that is missing, null
// where it must not be, or of another type.
function judge({ query, variables, answer }) {
  const document = parse(query);
  const faults = validate(schema, document);
  if (faults.length) return faults.map(String);
  if (answer.data === undefined || answer.data === null) {
    return answer.errors?.length ? [] : ['neither data nor errors'];
  }
  const complaints = [];
  const byPath = new Map((answer.errors ?? []).map((error) => [JSON.stringify(error.path), error]));
  const places = new Map();
  const result = executeSync({
    schema,
    document,
    rootValue: answer.data,
    variableValues: variables,
    typeResolver: typeOf,
    fieldResolver: (source, _, __, info) => {
      const path = [];
      for (let at = info.path; at; at = at.prev) path.unshift(at.key);
      const place = JSON.stringify(path);
      places.set(place, `${info.parentType.name}.${info.fieldName}`);
      if (!Object.hasOwn(source, info.path.key)) throw new Error(`${place} is missing`);
      const value = source[info.path.key];
      if (byPath.has(place) && value !== null) complaints.push(`${place} failed and is not null`);
      return value;
    },
  });
  complaints.push(...(result.errors ?? []).map(String));
  try {
    deepStrictEqual(JSON.parse(JSON.stringify(result.data)), answer.data);
  } catch (error) {
    complaints.push(`another answer: ${error.message}`);
  }
  for (const [path] of byPath) {
    const field = places.get(path);
    if (field) failed.add(field);
    else complaints.push(`an error at ${path}, where the answer has nothing`);
  }
  return complaints;
}

const lines = readFileSync(answersFile, 'utf8').split('\n').map((line) => JSON.parse(line));
for (const line of lines) {
  for (const complaint of judge(line)) wrong.push(`${line.query.replace(/\s+/g, ' ').slice(0, 100)}: ${complaint}`);
}
const nullable = Object.values(schema.getTypeMap())
  .filter((type) => isObjectType(type) && !type.name.startsWith('__'))
  .flatMap((type) => Object.values(type.getFields())
    .filter((field) => !isNonNullType(field.type))
    .map((field) => `${type.name}.${field.name}`));
const untried = nullable.filter((field) => !failed.has(field) && !PLAIN.has(field));
const bad = lines.filter(({ answer }) => answer.errors?.length).length;
console.log(`${lines.length} answers, ${bad} with errors, in ${failed.size} of ${nullable.length - PLAIN.size} fields that can fail`);
for (const line of [...new Set(wrong)].slice(0, 50)) console.log(`wrong: ${line}`);
for (const field of untried) console.log(`never failed: ${field}`);
const surprising = [...failed].filter((field) => !nullable.includes(field) || PLAIN.has(field));
for (const field of surprising) console.log(`was thought not to fail: ${field}`);
process.exit(wrong.length || untried.length || surprising.length ? 1 : 0);
