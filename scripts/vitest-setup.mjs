// Tests that start real processes run the built programs, so build them first (well under a second).
import { buildPrograms } from './build-programs.mjs';

export default async function setup() {
  await buildPrograms();
}
