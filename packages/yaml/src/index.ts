export { loadYaml, loadYamlWithPositions, type LoadOptions, type Located } from './load.ts';
export { dumpYaml, type DumpOptions } from './dump.ts';
export { YamlError, excerpt, type YamlPosition } from './error.ts';
export { YamlDate, YamlFloat, pythonFloat } from './values.ts';
export type { YamlLimits } from './compose.ts';
