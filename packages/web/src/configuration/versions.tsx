import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { versionsQuery } from '../api/queries.ts';
import type { ConfigurationKind } from '../api/types.ts';
import { useAddress } from '../parts/address.ts';
import { Failure } from '../parts/failure.tsx';
import { Coming, Empty } from '../parts/page.tsx';
import { Ago } from '../parts/time.tsx';
import { kindWords, textPath } from './kinds.ts';
import { TextDiff } from './text-diff.tsx';
import style from './versions.module.css';

/** What a text was, newest first, and what the chosen version changed. */
export function Versions({ kind, name }: { kind: ConfigurationKind; name: string }) {
  const { data, error, refetch } = useQuery(versionsQuery(kind, name));
  const [search] = useAddress();
  if (data === undefined) return error === null ? <Coming rows={6} /> : <Failure error={error} retry={() => void refetch()} what="The versions" />;
  if (data.length === 0) return <Empty title="No versions yet">A version is kept whenever the text is written here, by the API or by a lab file.</Empty>;
  const at = Math.max(0, data.findIndex((v) => String(v.id) === search.version));
  const version = data[at];
  return (
    <div className={style.columns}>
      <ol className={style.list} aria-label="Versions">
        {data.map((v, i) => (
          <li key={v.id}>
            <Link to={textPath(kind, name) as '/'} search={{ view: 'versions', version: String(v.id) } as never} aria-current={i === at ? 'true' : undefined} data-row resetScroll={false}>
              <Ago time={v.at} /> <span className="quiet">{v.actor}{v.text === null && ', taken away'}</span>
            </Link>
          </li>
        ))}
      </ol>
      <TextDiff label={`What changed in ${kindWords[kind].title.toLowerCase()}`} before={data[at + 1]?.text ?? ''} after={version?.text ?? ''} />
    </div>
  );
}
