/** The members of an object that hold something: neither undefined nor null. */
export type Defined<T> = { [K in keyof T]?: NonNullable<T[K]> };

/** Leaves out what is undefined or null, for objects whose optional members must be absent instead. */
export function defined<T extends object>(fields: T): Defined<T> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(entries) as Defined<T>;
}
