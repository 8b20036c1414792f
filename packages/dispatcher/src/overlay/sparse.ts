import { rename } from 'node:fs/promises';
import type { Action } from '../pipeline/action.ts';
import { needProgram } from './programs.ts';

/** Works on an image; an Android sparse image is made plain before and sparse again after. */
export async function withPlainImage(a: Action, image: string, sparse: boolean, work: (image: string) => Promise<void>): Promise<void> {
  if (!sparse) return work(image);
  const convert = async (program: string, suffix: string) => {
    await a.exec([needProgram(program), image, image + suffix], { error: 'Infrastructure', errorMessage: `${program} failed for '${image}'` });
    await rename(image + suffix, image);
  };
  await convert('simg2img', '.non-sparse');
  await work(image);
  await convert('img2simg', '.sparse');
}
