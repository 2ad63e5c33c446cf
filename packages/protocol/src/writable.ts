/** While it is made, member by member. */
export type Writable<T> = { -readonly [K in keyof T]: T[K] };
