import { type TObject, Type } from 'iii-protocol/schema';
import type { StreamFunctionId } from './inputs.js';

const anything = (description: string) => Type.Unknown({ description });
const oldValue = anything('What was there before; null when there was nothing.');
const newValue = anything('What is there now.');

const output = <Members extends TObject['properties']>(title: string, members: Members) =>
  Type.Object(members, { $schema: 'http://json-schema.org/draft-07/schema#', title });

const OperationErrors = Type.Array(
  Type.Object({ op_index: Type.Integer(), code: Type.String(), message: Type.String() }),
  { description: 'Operations that had no effect. Absent when all had one.' },
);

/** What functions with a form of their own answer (spec §2.1); the others answer with what was stored. */
export const outputs: Readonly<Partial<Record<StreamFunctionId, TObject>>> = {
  'stream::set': output('StreamSetResult', { old_value: oldValue, new_value: newValue }),
  'stream::delete': output('StreamDeleteResult', { old_value: oldValue }),
  'stream::update': output('StreamUpdateResult', {
    old_value: oldValue,
    new_value: newValue,
    errors: Type.Optional(OperationErrors),
  }),
  'stream::list_all': output('StreamListAllResult', {
    stream: Type.Array(Type.Object({ id: Type.String(), groups: Type.Array(Type.String()) })),
    count: Type.Integer(),
  }),
};
