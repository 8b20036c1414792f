export { checkHistory, type Violation } from './check-history.ts';
export { faultKinds, possibleFaults } from './fault-kinds.ts';
export { FaultLab, leaseSeconds } from './fault-lab.ts';
export type { History } from './history.ts';
export { type Boot, NumberedBoard, numberedLine } from './numbered-board.ts';
export { numberedJob } from './numbered-job.ts';
export { planHistory, type HistoryPlan } from './plan.ts';
export { runHistory } from './run-history.ts';
