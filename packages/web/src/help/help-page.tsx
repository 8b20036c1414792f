import { useQuery } from '@tanstack/react-query';
import { Link, useLocation, useNavigate, useParams } from '@tanstack/react-router';
import { type MouseEvent, useEffect, useMemo, useRef } from 'react';
import { Failure } from '../parts/failure.tsx';
import { Coming, Empty, Page, Panel } from '../parts/page.tsx';
import style from './help-page.module.css';
import { helpPages } from './pages.ts';
import { renderHelp } from './render.ts';

/** The documentation that belongs to this very version. */
export function HelpPage() {
  const { page } = useParams({ strict: false }) as { page?: string };
  if (page === undefined) {
    return (
      <Page title="Help">
        <Panel><ul className={style.pages}>{[...helpPages.keys()].sort().map((name) => <li key={name}><Link to="/help/$page" params={{ page: name }} data-row>{name.replaceAll('-', ' ')}</Link></li>)}</ul></Panel>
      </Page>
    );
  }
  return <Shown key={page} page={page} />;
}

function Shown({ page }: { page: string }) {
  const { data, error } = useQuery({ queryKey: ['help', page], queryFn: async () => await helpPages.get(page)?.() ?? null, staleTime: Infinity });
  const html = useMemo(() => (data ? renderHelp(data.replace(/^# .*\n/u, ''), (name) => helpPages.has(name)) : ''), [data]);
  const title = /^# (.*)$/mu.exec(data ?? '')?.[1] ?? page;
  const text = useRef<HTMLDivElement>(null);
  const anchor = useLocation({ select: (l) => l.hash });
  const navigate = useNavigate();
  useEffect(() => {
    if (html === '' || anchor === '') return;
    const name = CSS.escape(anchor);
    const code = text.current?.querySelector(`[data-code="${name}"]`);
    const target = text.current?.querySelector(`#${name}`) ?? code?.closest('tr, h3');
    target?.setAttribute('data-marked', '');
    target?.scrollIntoView({ block: 'center' });
    return () => target?.removeAttribute('data-marked');
  }, [html, anchor]);
  const follow = (event: MouseEvent) => {
    const href = (event.target as Element).closest('a')?.getAttribute('href');
    if (href == null || !/^\/help\/|^#/u.test(href) || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    void navigate({ href: href.startsWith('#') ? `/help/${page}${href}` : href });
  };
  return (
    <Page title={title} lead={<Link to="/help">Help</Link>}>
      <Panel>
        {error !== null ? <Failure error={error} what="The page" /> : data === undefined ? <Coming rows={12} /> : data === null ? <Empty title="No such page">All of them are listed under <Link to="/help">help</Link>.</Empty>
          : <div ref={text} className={style.text} onClick={follow} dangerouslySetInnerHTML={{ __html: html }} />}
      </Panel>
    </Page>
  );
}
