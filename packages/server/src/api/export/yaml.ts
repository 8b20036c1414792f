import { dumpYaml } from '@lava/yaml';
import type { ExportedCase } from './cases.ts';

/** Cases as a YAML list, written one by one; an empty list is `[]`. */
export async function* casesAsYaml(cases: AsyncIterable<ExportedCase>): AsyncGenerator<string> {
  let any = false;
  for await (const c of cases) {
    any = true;
    yield dumpYaml([c]);
  }
  if (!any) yield '[]\n';
}
