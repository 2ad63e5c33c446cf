import { describe, expect, it } from 'vitest';
import { cutLine, fitToScreen } from './fit.js';

const BOLD = '\u001b[1m';
const PLAIN = '\u001b[22m';

describe('a line cut to the width of a screen', () => {
  it.each([
    ['fits', 4, 'fits'],
    ['too long', 7, 'too lo…'],
    ['größer', 5, 'größ…'],
    ['👍👍👍', 2, '👍…'],
    ['any', 1, '…'],
    ['', 1, ''],
  ])('%s in %i columns is %s', (line, columns, expected) => {
    expect(cutLine(line, columns)).toBe(expected);
  });

  it('keeps its emphasis, which takes no room, and ends it', () => {
    expect(cutLine(`${BOLD}iii${PLAIN} at`, 6)).toBe(`${BOLD}iii${PLAIN} at`);
    expect(cutLine(`${BOLD}iii${PLAIN} at home`, 6)).toBe(`${BOLD}iii${PLAIN} a…`);
    expect(cutLine(`${BOLD}engine${PLAIN} at home`, 4)).toBe(`${BOLD}eng…${PLAIN}`);
  });
});

describe('a head and a table on one screen', () => {
  const head = ['head', ''];
  const table = ['TITLES', 'a', 'b', 'c', 'd'];
  const fit = (rows: number) => fitToScreen(head, table, { columns: 20, rows });

  it('are shown whole where they fit', () => {
    expect(fit(7)).toEqual([...head, ...table]);
  });

  it('end with the number of rows that do not fit', () => {
    expect(fit(6)).toEqual([...head, 'TITLES', 'a', 'b', '… and 2 more']);
    expect(fit(5)).toEqual([...head, 'TITLES', 'a', '… and 3 more']);
  });

  it('show no titles without a row', () => {
    expect(fit(4)).toEqual([...head, '… and 4 more']);
    expect(fit(3)).toEqual([...head, '… and 4 more']);
  });

  it('never take more lines than there are', () => {
    for (const rows of [1, 2]) expect(fit(rows)).toEqual(head.slice(0, rows));
  });
});
