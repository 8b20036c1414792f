/** JSON schema of a body that has texts only: the greatest length of each; a name that ends in `?` may be left out. */
export function texts(fields: Readonly<Record<string, number>>): { schema: { body: object } } {
  const entries = Object.entries(fields).map(([name, maxLength]) => [name.replace('?', ''), { type: 'string', maxLength }] as const);
  return {
    schema: {
      body: {
        type: 'object', additionalProperties: false, properties: Object.fromEntries(entries),
        required: Object.keys(fields).filter((name) => !name.endsWith('?')),
      },
    },
  };
}

/** Bytes of a request that carries a job definition; the YAML reader has its own, smaller limit and says where. */
export const definitionLimit = 4 * 1024 * 1024;
