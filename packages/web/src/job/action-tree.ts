import type { ActionRow } from '../api/types.ts';

/** An action with the actions that ran inside it. */
export interface ActionNode {
  readonly action: ActionRow;
  readonly children: ActionNode[];
  readonly depth: number;
}

/**
 * The actions as a tree, in the order they started. A retried action has the same level more than once, so the
 * parent is the latest one before that carries the level's prefix.
 */
export function actionTree(actions: readonly ActionRow[]): ActionNode[] {
  const roots: ActionNode[] = [];
  const latest = new Map<string, ActionNode>();
  for (const action of [...actions].sort((a, b) => a.start_line - b.start_line)) {
    const parts = action.level.split('.');
    let parent: ActionNode | undefined;
    for (let n = parts.length - 1; n > 0 && parent === undefined; n--) parent = latest.get(parts.slice(0, n).join('.'));
    const node: ActionNode = { action, children: [], depth: parent === undefined ? 0 : parent.depth + 1 };
    (parent?.children ?? roots).push(node);
    latest.set(action.level, node);
  }
  return roots;
}

/** Seconds that the action took, or has taken until `now` (milliseconds). */
export function seconds(action: ActionRow, now: number): number {
  const end = action.ended_at === null ? now : Date.parse(action.ended_at);
  return Math.max(0, (end - Date.parse(action.started_at)) / 1000);
}

/** True when an action took so much longer than usual that it is worth a word. */
export function unusual(action: ActionRow, now: number): boolean {
  const usual = action.usual_seconds;
  return usual !== null && seconds(action, now) > Math.max(usual * 1.5, usual + 5);
}

/**
 * The innermost action of the failure that ended the job: where to look for the reason. The first top-level action that
 * failed ended it; inside, the last try counts, for earlier ones were tried again.
 */
export function failedAction(actions: readonly ActionRow[]): ActionRow | undefined {
  const inside = (node: ActionNode): ActionRow => {
    const child = node.children.findLast((c) => c.action.failed);
    return child === undefined ? node.action : inside(child);
  };
  const top = actionTree(actions).find((n) => n.action.failed);
  return top === undefined ? undefined : inside(top);
}

/** The line that tells the failure: the last problem that the failed action logged, else the first of the log. */
export function failureLine(problems: readonly number[], failed: ActionRow | undefined): number | undefined {
  if (failed === undefined) return problems[0];
  return problems.findLast((n) => n > failed.start_line && n <= (failed.end_line ?? Infinity)) ?? problems[0] ?? failed.end_line ?? failed.start_line;
}

/** Nodes to open at the start: whatever runs or failed, and its way up; finished branches stay closed. */
export function openAtFirst(nodes: readonly ActionNode[]): Set<number> {
  const open = new Set<number>();
  for (const node of nodes) {
    const below = openAtFirst(node.children);
    for (const line of below) open.add(line);
    const calls = node.children.some((c) => c.action.failed || c.action.ended_at === null) || below.size > 0;
    if (calls) open.add(node.action.start_line);
  }
  return open;
}

/** Replaces actions by their start line with newer news of them, and adds those that are new. */
export function mergeActions(known: readonly ActionRow[], news: readonly ActionRow[]): ActionRow[] {
  const byLine = new Map(known.map((a) => [a.start_line, a]));
  for (const action of news) byLine.set(action.start_line, action);
  return [...byLine.values()].sort((a, b) => a.start_line - b.start_line);
}
