import { expect, it } from 'vitest';
import type { Binding } from './binding.js';
import { BindingTable } from './binding-table.js';

const binding = (id: string, streamName: string | undefined): Binding => ({
  id,
  target: { functionId: 'f' },
  condition: undefined,
  streamName,
  groupId: undefined,
  itemId: undefined,
});
const idsOf = (table: BindingTable, stream: string) => table.of(stream).map(({ id }) => id);

it('a binding is found by its stream, and one without a stream for each', () => {
  const table = new BindingTable();
  table.put(binding('1', 'a'));
  table.put(binding('2', 'b'));
  table.put(binding('3', undefined));
  table.put(binding('4', 'a'));
  expect(idsOf(table, 'a')).toEqual(['3', '1', '4']);
  expect(idsOf(table, 'constructor')).toEqual(['3']);
});

it('a binding with the id of another takes its place, also for another stream', () => {
  const table = new BindingTable();
  const first = binding('same', 'a');
  const second = binding('same', 'b');
  table.put(first);
  table.put(second);
  expect([idsOf(table, 'a'), idsOf(table, 'b'), table.size]).toEqual([[], ['same'], 1]);
  expect([table.has(first), table.has(second)]).toEqual([false, true]);
  table.remove('same');
  table.remove('same');
  expect([idsOf(table, 'b'), table.size]).toEqual([[], 0]);
});
