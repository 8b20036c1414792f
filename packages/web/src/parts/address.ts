import { useNavigate, useRouterState } from '@tanstack/react-router';
import { useCallback } from 'react';

/** The query of an address: plain words, as LAVA's links have them (no quotes around numbers). */
export type Search = Record<string, string>;

export const parseSearch = (text: string): Search => Object.fromEntries(new URLSearchParams(text));

export function stringifySearch(search: Record<string, unknown>): string {
  const pairs = Object.entries(search).filter((e): e is [string, string | number | boolean] => ['string', 'number', 'boolean'].includes(typeof e[1]) && e[1] !== '');
  const text = new URLSearchParams(pairs.map(([k, v]) => [k, String(v)])).toString().replaceAll('%2C', ',').replaceAll('%2F', '/');
  return text === '' ? '' : `?${text}`;
}

/** What a view keeps in the address, and how to change a part of it (undefined removes). */
export function useAddress(): [Search, (patch: Record<string, string | undefined>, options?: { push?: boolean }) => void] {
  const search = useRouterState({ select: (s) => s.location.search as Search });
  const navigate = useNavigate();
  const change = useCallback((patch: Record<string, string | undefined>, options?: { push?: boolean }) => {
    void navigate({
      to: '.', search: ((old: Search) => ({ ...old, ...patch })) as never, hash: true, replace: options?.push !== true, resetScroll: false,
    });
  }, [navigate]);
  return [search, change];
}
