// Tests that start real processes run the built programs, so build them first (well under a second).
import { buildPrograms } from './build-programs.mjs';

export default async function setup() {
  // The bundler has said what is wrong; tests of other packages can still be run.
  await buildPrograms().catch((error) => { if (process.env.CI) throw error; });
}
