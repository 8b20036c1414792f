export { checkLab } from './check-lab.ts';
export { emptyLab, fieldsOf, initialFields, kindNames, kindOf, type Fields, type FieldValue, type Kind, type Lab } from './kinds.ts';
export { applyPlan, countPlan, isEmptyPlan, planLab, type FieldChange, type Plan, type PlanItem } from './plan.ts';
export { printPlan } from './print-plan.ts';
export { labProblemCodes, problem, type LabProblem } from './problem.ts';
export { readLab, type LabPlaces, type ReadLab } from './read-lab.ts';
export { labJsonSchema } from './schema.ts';
export { writeLab } from './write-lab.ts';
export { importBoards } from './import-boards.ts';
