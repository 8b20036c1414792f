import { sql, type Kysely } from 'kysely';
import { withoutSecrets } from '@lava/job';

type Texts = Record<'definition' | 'original_definition' | 'multinode_definition', string>;

/** Values of `secrets` leave the definitions of jobs for a table of their own. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // As YAML: what is quoted or a number stays so.
  await sql`create table job_secrets (job integer primary key references jobs on delete cascade, secrets text not null)`.execute(db);
  for (let after = 0; ;) {
    const { rows } = await sql<Texts & { id: number }>`
      select id, definition, original_definition, multinode_definition from jobs
      where id > ${after} and concat(definition, original_definition, multinode_definition) like '%secrets%' order by id limit 500`.execute(db);
    for (const { id, ...texts } of rows) await hide(db, id, texts);
    if (rows.length === 0) return;
    after = rows.at(-1)!.id;
  }
}

async function hide(db: Kysely<unknown>, job: number, texts: Texts): Promise<void> {
  const { text: definition, secrets } = withoutSecrets(texts.definition);
  if (secrets === undefined) return;
  await sql`update jobs set definition = ${definition}, original_definition = ${withoutSecrets(texts.original_definition).text},
    multinode_definition = ${withoutSecrets(texts.multinode_definition).text} where id = ${job}`.execute(db);
  await sql`insert into job_secrets (job, secrets) values (${job}, ${secrets})`.execute(db);
}
