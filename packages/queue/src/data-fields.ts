import { parseRaw, type RawJson, rawMembers } from 'iii-protocol';

/** What a job says in a member of its data; only members of the object itself, not of what is in it. */
export function fieldOf(data: RawJson, field: string): unknown {
  const raw = rawMembers(data).get(field);
  return raw === undefined ? undefined : parseRaw(raw);
}

/** The group a value names: a text that is not empty, or a number as it is written in decimals (§5.4). */
export function groupOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
