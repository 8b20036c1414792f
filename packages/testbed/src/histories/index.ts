export { FaultLab } from './fault-lab.ts';
export { numberedJob } from './numbered-job.ts';
export { playHistories } from './play-histories.ts';
