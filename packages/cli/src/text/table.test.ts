import { describe, expect, it } from 'vitest';
import { processIo } from '../io.js';
import { styleOf } from './style.js';
import { formatTable } from './table.js';

const io = { ...processIo(), env: {}, isTerminal: { stdin: false, stdout: false, stderr: false } };
const columns = [
  { title: 'NAME', value: (row: readonly string[]) => row[0] ?? '' },
  { title: 'N', value: (row: readonly string[]) => row[1] ?? '' },
];

describe('a table', () => {
  it('aligns its columns under their titles and leaves no space at the end of lines', () => {
    const rows = [['a', 'one'], ['größer', '2'], ['b']];
    expect(formatTable(columns, rows, styleOf(io, 'stdout'))).toEqual([
      'NAME    N',
      'a       one',
      'größer  2',
      'b',
    ]);
  });

  it('puts numbers under each other where it is told to', () => {
    const aligned = columns.map((column, at) => ({
      ...column,
      align: at === 1 ? ('right' as const) : ('left' as const),
    }));
    expect(
      formatTable(
        aligned,
        [
          ['a', '12'],
          ['b', '3'],
          ['c', ''],
        ],
        styleOf(io, 'stdout'),
      ),
    ).toEqual(['NAME   N', 'a     12', 'b      3', 'c']);
  });

  it('with no rows has its titles only', () => {
    expect(formatTable(columns, [], styleOf(io, 'stdout'))).toEqual(['NAME  N']);
  });

  it('keeps a cell on its line, whatever it holds', () => {
    const rows = [['x\n\u001b[31my', 'z']];
    expect(formatTable(columns, rows, styleOf(io, 'stdout'))).toEqual(['NAME     N', 'x [31my  z']);
  });
});

describe('emphasis', () => {
  const terminal = { ...io, isTerminal: { stdin: true, stdout: true, stderr: false } };

  it('is shown on a terminal only', () => {
    expect(styleOf(terminal, 'stdout').bold('x')).toBe('\u001b[1mx\u001b[22m');
    expect(styleOf(terminal, 'stderr').red('x')).toBe('x');
  });

  it.each([{ NO_COLOR: '1' }, { TERM: 'dumb' }])('is not shown with %o', (env) => {
    expect(styleOf({ ...terminal, env }, 'stdout').yellow('x')).toBe('x');
  });

  it('is shown when NO_COLOR is set to nothing', () => {
    expect(styleOf({ ...terminal, env: { NO_COLOR: '' } }, 'stdout').hasColour).toBe(true);
  });
});
