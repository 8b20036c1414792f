import type { MappingShape, Schema } from './schema.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * JSON Schema (draft 7) of a declaration.
 * @param definitions receives the declarations that have a name; they are referred to
 */
export function toJsonSchema(schema: Schema, definitions: Record<string, JsonSchema>): JsonSchema {
  const description = schema.about ? { description: schema.about } : {};
  if (!schema.name) return { ...shape(schema, definitions), ...schema.submission, ...description };
  definitions[schema.name] ??= shape(schema, definitions);
  // In draft 7 nothing counts beside a reference.
  return { allOf: [{ $ref: `#/definitions/${schema.name}` }, ...(schema.submission ? [schema.submission] : [])], ...description };
}

function shape(schema: Schema, definitions: Record<string, JsonSchema>): JsonSchema {
  switch (schema.kind) {
    case 'any': return {};
    case 'bool': return { type: 'boolean' };
    case 'literal': return schema.value === null ? { type: 'null' } : { const: schema.value };
    case 'text': return {
      type: 'string', ...given({ minLength: schema.min, maxLength: schema.max, pattern: schema.pattern?.source }),
      ...(schema.not ? { not: { enum: schema.not } } : {}),
    };
    case 'number': return { type: schema.whole ? 'integer' : 'number', ...given({ minimum: schema.min, maximum: schema.max }) };
    case 'list': return { type: 'array', items: toJsonSchema(schema.item, definitions), ...given({ minItems: schema.min }) };
    case 'mapping': return mapping(schema, definitions);
    case 'either': {
      const words = schema.options.map((option) => (option.kind === 'literal' && option.value !== null ? option.value : undefined));
      return words.every((word) => word !== undefined) ? { enum: words } : { anyOf: schema.options.map((option) => toJsonSchema(option, definitions)) };
    }
  }
}

function mapping({ fields, others, keys, exclusive, some, min }: MappingShape, definitions: Record<string, JsonSchema>): JsonSchema {
  const required = Object.entries(fields).filter(([, field]) => field.required).map(([key]) => key);
  const ofOthers = typeof others === 'object' ? toJsonSchema(others, definitions) : others === 'allow';
  const least = some ? Object.keys(fields).length + 1 : min;
  return {
    type: 'object',
    ...(Object.keys(fields).length ? { properties: Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, toJsonSchema(field, definitions)])) } : {}),
    ...(keys ? { patternProperties: { [keys.source]: ofOthers }, additionalProperties: false } : { additionalProperties: ofOthers }),
    ...(required.length ? { required } : {}),
    ...(exclusive ? { not: { required: exclusive[1] } } : {}),
    ...given({ minProperties: least }),
  };
}

const given = (values: Readonly<Record<string, unknown>>): JsonSchema => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
