import { sql, type Kysely } from 'kysely';
import { ConfigurationError, LavaBug, type LavaPaths } from '@lava/base';
import { checkLab, isEmptyPlan, planLab, problem, readLab, writeLab, type Lab, type LabPlaces, type LabProblem, type Plan } from '@lava/lab';
import { knownPermission } from '../auth/permissions.ts';
import { templateSources } from '../devices/renderer.ts';
import { change, type Stored } from '../store/change.ts';
import type { Database } from '../store/database.ts';
import { applyPlan, OldFiles } from './apply-plan.ts';
import { readLabState, revisionOf } from './read-lab-state.ts';

/** A lab file as a client sends it. */
export interface LabFile {
  readonly text: string;
  /** Texts of the files that it names, by the paths that stand in it. */
  readonly files: Readonly<Record<string, string>>;
  /** Retire what it does not name. */
  readonly prune: boolean;
}

interface PlannedLab {
  /** What the lab was when the plan was made. */
  readonly revision: string;
  readonly problems: readonly LabProblem[];
  /** Empty when there are errors. */
  readonly plan: Plan;
}

/** One file that describes the lab: what it would change, changing it, and writing it. */
export interface LabService {
  export(full: boolean): Promise<{ readonly revision: string; readonly text: string }>;
  plan(file: LabFile, username: string): Promise<PlannedLab>;
  /**
   * Makes the lab what the file says, all of it or nothing.
   * @param revision what the lab was when somebody looked at the plan
   * @throws ConfigurationError `lab-changed` when it is something else by now
   */
  apply(file: LabFile, revision: string, username: string): Promise<PlannedLab>;
}

interface Parts {
  readonly stored: Stored;
  readonly paths: LavaPaths;
}

export function labService({ stored, paths }: Parts): LabService {
  return {
    async export(full) {
      const lab = await stored.db.transaction().setIsolationLevel('repeatable read').execute((trx) => readLabState(trx, paths));
      const revision = revisionOf(lab);
      return { revision, text: writeLab(lab, { full, comment: [`The lab at revision ${revision}.`] }) };
    },
    plan: (file, username) => stored.db.transaction().setIsolationLevel('repeatable read').execute((trx) => planIn(trx, paths, file, username)),
    async apply(file, revision, username) {
      for (let attempt = 1; ; attempt++) {
        const oldFiles = new OldFiles();
        try {
          return await applyOnce(stored, paths, file, revision, username, oldFiles);
        } catch (error) {
          await oldFiles.restore();
          if (attempt === 5 || !isConflict(error)) throw error;
        }
      }
    },
  };
}

async function applyOnce(stored: Stored, paths: LavaPaths, file: LabFile, revision: string, username: string, oldFiles: OldFiles): Promise<PlannedLab> {
  return change(stored, username, async (c) => {
    // One view of the lab for all of it: a row that somebody changes meanwhile ends this attempt.
    await sql`set transaction isolation level repeatable read`.execute(c.trx);
    // One file after the other. This takes no snapshot yet, so the second one sees what the first did.
    await sql`lock table device_types in share row exclusive mode`.execute(c.trx);
    const planned = await planIn(c.trx, paths, file, username);
    if (planned.revision !== revision) {
      throw new ConfigurationError('The lab has changed since this plan was made; nothing was done.', { code: 'lab-changed', hint: 'Look at the new plan, then apply that.' });
    }
    if (planned.problems.some((p) => p.severity === 'error') || isEmptyPlan(planned.plan)) return planned;
    await applyPlan(c, paths, planned.plan, oldFiles);
    const after = await readLabState(c.trx, paths);
    const left = planLab(after, readFile(file).lab!, file).filter(({ action }) => action !== 'keep');
    if (left.length > 0) throw new LavaBug(`the lab file did not become the lab: ${JSON.stringify(left).slice(0, 1000)}`, { code: 'lab-not-applied' });
    return { ...planned, revision: revisionOf(after) };
  }, 'lab file');
}

/** The transaction met another one that had changed the same: the whole of it may be tried again. */
const isConflict = (error: unknown): boolean => ['40001', '40P01', '23505'].includes((error as { code?: string }).code ?? '');

const readFile = ({ text, files }: LabFile) => readLab(text, (path) => (Object.hasOwn(files, path) ? files[path] : undefined));

async function planIn(db: Kysely<Database>, paths: LavaPaths, file: LabFile, username: string): Promise<PlannedLab> {
  const current = await readLabState(db, paths);
  const revision = revisionOf(current);
  const { lab: wanted, problems, places } = readFile(file);
  if (!wanted) return { revision, problems, plan: [] };
  const found = [
    ...problems, ...await checkLab(wanted, current, places, await templateSources({ db, paths })),
    ...checkOwnAccount(wanted, places, username), ...checkPermissions(wanted, places),
  ];
  const refused = found.some((p) => p.severity === 'error');
  return { revision, problems: found, plan: refused ? [] : planLab(current, wanted, file) };
}

/** Nobody locks themselves out with a slip of the pen. */
function checkOwnAccount(wanted: Lab, places: LabPlaces, username: string): LabProblem[] {
  return (['is_active', 'is_superuser'] as const).filter((field) => wanted.users.get(username)?.[field] === false).map((field) => {
    const place = places.of('users', username, field);
    return problem('lab-own-account', place.path, `this would take ${field} from you, ${username}`, 'Let another admin do this.', place);
  });
}

function checkPermissions(wanted: Lab, places: LabPlaces): LabProblem[] {
  return (['groups', 'users'] as const).flatMap((kind) => [...wanted[kind]].flatMap(([name, { permissions = [] }]) =>
    (permissions as readonly string[]).filter((permission) => knownPermission(permission) !== permission).map((permission) => {
      const place = places.of(kind, name, 'permissions', permission);
      const meant = knownPermission(permission);
      return problem('lab-unknown', place.path, `there is no permission ${JSON.stringify(permission)}`, meant ? `Did you mean "${meant}"?` : 'A permission is written like lava_scheduler_app.add_device.', place);
    })));
}
