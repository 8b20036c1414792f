import { deviceJsonSchema } from '@lava/device';
import { jobJsonSchema, testDefinitionJsonSchema } from '@lava/job';
import { labJsonSchema } from '@lava/lab';
import { exitStatus } from '../exit.ts';

const schemas = { device: deviceJsonSchema, job: jobJsonSchema, lab: labJsonSchema, 'test-definition': testDefinitionJsonSchema } as const;

/** `lava schema NAME`: the JSON Schema that editors complete and check with. */
export async function schema(name: keyof typeof schemas): Promise<number> {
  process.stdout.write(`${JSON.stringify(schemas[name](), null, 2)}\n`);
  return exitStatus.ok;
}
