import type { Method } from '../pipeline/action.ts';
import { definitions } from './definitions.ts';
import { docker } from './docker.ts';
import { interactive } from './interactive.ts';
import { monitors } from './monitors.ts';
import { services } from './services.ts';

/** Every way to test; when several accept a block, the highest priority wins, then the first. */
export const testMethods: readonly Method[] = [definitions, docker, interactive, monitors, services];
