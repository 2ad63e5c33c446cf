import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Binding } from './binding.js';
import { BindingTable, matches } from './binding-table.js';

const name = fc.constantFrom('', 'a', 'b');
const filter = fc.option(name, { nil: undefined });
const binding = fc.record({
  id: fc.constantFrom('1', '2', '3', '4'),
  scope: filter,
  key: filter,
});
const full = (part: Pick<Binding, 'id' | 'scope' | 'key'>): Binding => ({
  ...part,
  functionId: 'f',
  namespace: 'default',
  condition: undefined,
  metadata: undefined,
});

describe('bindings', () => {
  it('are found as a look at each of them would, whatever was put and removed', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), binding)), name, name, (steps, scope, key) => {
        const table = new BindingTable();
        const model = new Map<string, Binding>();
        for (const [isPut, part] of steps) {
          const one = full(part);
          if (isPut) {
            table.put(one);
            model.set(one.id, one);
          } else {
            table.remove(one.id);
            model.delete(one.id);
          }
        }
        const expected = [...model.values()].filter((one) => matches(one, { scope, key }));
        const byId = (a: Binding, b: Binding) => a.id.localeCompare(b.id);
        expect(table.matching({ scope, key }).sort(byId)).toEqual(expected.sort(byId));
        expect(table.size).toBe(model.size);
        expect([...table.ids].sort()).toEqual([...model.keys()].sort());
      }),
    );
  });

  it('with an id that is there take the place of the one before, with another filter too', () => {
    const table = new BindingTable();
    table.put(full({ id: '1', scope: 'a', key: undefined }));
    table.put(full({ id: '1', scope: 'b', key: 'k' }));
    expect(table.matching({ scope: 'a', key: 'k' })).toEqual([]);
    expect(table.matching({ scope: 'b', key: 'k' })).toHaveLength(1);
  });
});
