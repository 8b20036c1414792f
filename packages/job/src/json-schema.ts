import { blockKinds, publishedBlocks, publishedJob } from './schema/published.ts';
import { toJsonSchema, type JsonSchema } from './schema/to-json-schema.ts';
import { testKind } from './schema/test/kinds.ts';
import { testDefinition } from './schema/test/definitions.ts';
import { deployMethods } from './schema/deploy.ts';
import { bootMethods } from './schema/boot.ts';

export type { JsonSchema };

/** Draft that editors know best. */
const draft = 'http://json-schema.org/draft-07/schema#';

/**
 * JSON Schema (draft 7) of a job definition, for editors: the same declarations that `validateJob` and `checkJob` read,
 * with the keys that run although LAVA's own schema does not have them.
 * @param options.contextVariables variables that the server's settings allow in `context` beside LAVA's
 */
export function jobJsonSchema(options: { contextVariables?: readonly string[] } = {}): JsonSchema {
  const definitions: Record<string, JsonSchema> = {};
  const job = toJsonSchema(publishedJob(options.contextVariables), definitions);
  for (const [kind, methods] of Object.entries(publishedBlocks)) for (const [method, schema] of Object.entries(methods)) definitions[`${kind}-${method}`] = toJsonSchema(schema, definitions);
  definitions['deploy'] = byMethod('deploy', deployMethods, blockKinds.deploy);
  definitions['boot'] = byMethod('boot', bootMethods, blockKinds.boot);
  definitions['test'] = testBlock;
  definitions['command'] = { allOf: [reference('command-command')], description: blockKinds.command };
  const properties = { ...(job['properties'] as Record<string, JsonSchema>) };
  properties['actions'] = { ...properties['actions'], items: action };
  return { $schema: draft, title: 'LAVA job', ...job, properties, allOf: [oneDeviceOrRoles], definitions };
}

/** JSON Schema (draft 7) of the file of a test definition. */
export function testDefinitionJsonSchema(): JsonSchema {
  const definitions: Record<string, JsonSchema> = {};
  toJsonSchema(testDefinition, definitions);
  return { $schema: draft, title: 'LAVA test definition', allOf: [reference('testDefinition')], definitions };
}

// oxlint-disable-next-line unicorn/no-thenable -- `then` is JSON Schema's word
const when = (condition: JsonSchema, then: JsonSchema, otherwise?: JsonSchema): JsonSchema => ({ if: condition, then, ...(otherwise ? { else: otherwise } : {}) });

const reference = (name: string): JsonSchema => ({ $ref: `#/definitions/${name}` });

const action: JsonSchema = {
  type: 'object', additionalProperties: false, minProperties: 1,
  properties: Object.fromEntries(Object.keys(blockKinds).map((kind) => [kind, reference(kind)])),
  description: 'one of deploy, boot, test and command',
};

/** A block that must fit the declaration of the method it names. */
function byMethod(kind: string, { key, methods }: { key: string; methods: object }, description: string): JsonSchema {
  const names = Object.keys(methods);
  return {
    type: 'object', description, required: [key],
    properties: { [key]: { enum: names, description: `the method: ${names.join(', ')}` } },
    allOf: names.map((name) => when({ required: [key], properties: { [key]: { const: name } } }, reference(`${kind}-${name}`))),
  };
}

// The same order of questions as in `testKind`.
const kinds: [keyof typeof publishedBlocks.test & ReturnType<typeof testKind>, string[]][] = [['docker', ['definitions', 'docker']], ['definition', ['definitions']], ['interactive', ['interactive']], ['monitor', ['monitors']], ['service', ['services']]];

const testBlock: JsonSchema = {
  type: 'object', description: blockKinds.test,
  ...kinds.reduceRight<JsonSchema>((otherwise, [kind, required]) => when({ required }, reference(`test-${kind}`), otherwise), { anyOf: kinds.slice(1).map(([, required]) => ({ required })) }),
};

const oneDeviceOrRoles = when(
  { required: ['protocols'], properties: { protocols: { required: ['lava-multinode'] } } },
  { properties: { device_type: { not: {}, description: 'roles have device types of their own' }, actions: { items: { additionalProperties: { required: ['role'] } } } } },
  { required: ['device_type'] },
);
