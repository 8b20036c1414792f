import type { Position } from '@lava/base';
import type { ConfigurationProblem } from './check-configuration.ts';

/** Something wrong with a device, and where in its dictionary or in the templates below it. */
export interface DeviceProblem extends Omit<ConfigurationProblem, 'path' | 'part'> {
  /** Place in the configuration; empty if there is none. */
  readonly path: ConfigurationProblem['path'];
  /** Place in the dictionary or template; undefined where none can be found. */
  readonly at?: Position;
  /** The same place in the text that the templates give. */
  readonly renderedLine?: number;
}
