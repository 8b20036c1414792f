import { sameValue, type Kind, type Lab } from './kinds.ts';
import { problem, type LabProblem } from './problem.ts';
import type { LabPlaces } from './read-lab.ts';

/** What checks of a lab know, and where they put what they find. */
export interface Check {
  readonly wanted: Lab;
  readonly current: Lab;
  /** The lab as it will be. */
  readonly after: Lab;
  readonly places: LabPlaces;
  readonly problems: LabProblem[];
}

interface Inside {
  readonly code: 'lab-text' | 'lab-health-check' | 'lab-device';
  readonly message: string;
  readonly hint: string | undefined;
  readonly at: { readonly line?: number; readonly column?: number };
}

/** A problem inside a text: a warning if the lab has this text already. */
export function report({ wanted, current, places, problems }: Check, kind: Kind, name: string, field: string, { code, message, hint, at }: Inside, newly = false): void {
  const place = at.line === undefined ? places.of(kind, name, field) : places.inside(kind, name, field, { line: at.line, column: at.column ?? 1 });
  const old = !newly && sameValue(current[kind].get(name)?.[field], wanted[kind].get(name)?.[field]);
  problems.push({ ...problem(code, place.path, message, hint, place), severity: old ? 'warning' : 'error' });
}
