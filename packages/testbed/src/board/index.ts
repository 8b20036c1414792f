export { Board } from './board.ts';
export { type Fault, faultKinds, parseFault } from './fault.ts';
export { type BoardScript, loadBoardScript, shippedBoard, shippedBoards } from './script.ts';
