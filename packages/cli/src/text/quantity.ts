/** Numbers as people read them at a glance. */

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** `512 B`, `1.5 KiB`, `84 MiB`. */
export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  while (unit < BYTE_UNITS.length - 1 && Math.round(value) >= 1024) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? Math.round(value) : short(value)} ${BYTE_UNITS[unit]}`;
}

const DURATION_UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;

/** The two largest units of milliseconds, from whole seconds on: `0s`, `4m 5s`, `2d 3h`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const first = DURATION_UNITS.findIndex(([, length]) => seconds >= length);
  if (first < 0) return '0s';
  let rest = seconds;
  const parts = DURATION_UNITS.slice(first, first + 2).map(([name, length]) => {
    const amount = Math.floor(rest / length);
    rest -= amount * length;
    return { name, amount };
  });
  return parts
    .filter(({ amount }) => amount > 0)
    .map(({ name, amount }) => `${amount}${name}`)
    .join(' ');
}

/** `12,345` */
export function count(amount: number): string {
  return Math.round(amount).toLocaleString('en-US');
}

/** So many a second, from two readings: `0`, `<0.1`, `0.4`, `12`, `1,250`. */
export function rate(perSecond: number): string {
  if (perSecond === 0) return '0';
  return perSecond < 0.05 ? '<0.1' : short(perSecond);
}

/** `1 worker`, `2 workers`. */
export function counted(amount: number, one: string, many = `${one}s`): string {
  return `${count(amount)} ${amount === 1 ? one : many}`;
}

/** One decimal where it tells something. */
function short(value: number): string {
  return value < 9.95 ? value.toFixed(1) : count(value);
}
