import { isRawObject, JsonSyntaxError, parseRaw, type RawJson, rawMembers } from 'iii-protocol';
import { Kind, type Static, type TObject, Type, Value } from 'iii-protocol/schema';
import { StreamError } from '../errors.js';

const name = (description: string) => Type.String({ description });
/** A part that stays the text it came as. */
const raw = (description: string) => Type.Unsafe<RawJson>(Type.Unknown({ description }));

const stream = { stream_name: name('The stream.') };
const group = { ...stream, group_id: name('The group of the stream.') };
const item = { ...group, item_id: name('The item of the group.') };

const input = <Members extends TObject['properties']>(title: string, members: Members) =>
  Type.Object(members, { $schema: 'http://json-schema.org/draft-07/schema#', title });

/** What each function is called with (spec §2.1). Other members are ignored. */
export const inputs = {
  'stream::set': input('StreamSetInput', { ...item, data: raw('The value, anything.') }),
  'stream::get': input('StreamGetInput', item),
  'stream::delete': input('StreamDeleteInput', item),
  'stream::update': input('StreamUpdateInput', {
    ...item,
    ops: raw('List of operations: set, merge, increment, decrement, append, remove.'),
  }),
  'stream::list': input('StreamListInput', group),
  'stream::list_groups': input('StreamListGroupsInput', stream),
  'stream::list_all': input('StreamListAllInput', {}),
  'stream::send': input('StreamSendInput', {
    ...group,
    type: name('Label of the event.'),
    data: raw('What is sent, anything.'),
    id: Type.Optional(
      Type.Union([Type.String(), Type.Null()], { description: 'The item it is about. Absent: the group.' }),
    ),
  }),
} as const;

export type StreamFunctionId = keyof typeof inputs;
export type StreamInput<Id extends StreamFunctionId> = Static<(typeof inputs)[Id]>;

/**
 * Reads the payload of a call.
 *
 * @throws StreamError `deserialization_error`
 */
export function readInput<Id extends StreamFunctionId>(id: Id, data: RawJson): StreamInput<Id> {
  if (!isRawObject(data)) throw malformed(id, `expected an object, not ${kindOf(parseRaw(data))}`);
  const schema: TObject = inputs[id];
  const members = membersOf(id, data);
  const value: Record<string, unknown> = Object.create(null);
  for (const [member, memberSchema] of Object.entries(schema.properties)) {
    const text = members.get(member);
    if (text === undefined) continue;
    value[member] = memberSchema[Kind] === 'Unknown' ? text : parseRaw(text);
  }
  for (const error of Value.Errors(schema, value)) {
    const member = error.path.slice(1);
    if (!(member in value)) throw malformed(id, `${member} is missing`);
    const expected = member === 'id' ? 'a string or null' : 'a string';
    throw malformed(id, `${member} is ${kindOf(error.value)}, expected ${expected}`);
  }
  return value as StreamInput<Id>;
}

function membersOf(id: StreamFunctionId, data: RawJson): ReadonlyMap<string, RawJson> {
  try {
    return rawMembers(data);
  } catch (error) {
    // Half a surrogate pair: it has no UTF-8, and two such names would be one in the store.
    if (error instanceof JsonSyntaxError) throw malformed(id, error.message);
    throw error;
  }
}

function malformed(id: string, reason: string): StreamError {
  return new StreamError('deserialization_error', `payload of ${id}: ${reason}`);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
