import { InvalidArgumentError } from 'commander';

/** An option that contradicts itself when it is given twice. */
export function single<T>(read: (text: string) => T): (text: string, previous: T | undefined) => T {
  return (text, previous) => {
    if (previous !== undefined) throw new InvalidArgumentError('It may be given only once.');
    return read(text);
  };
}
